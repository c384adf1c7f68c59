#!/usr/bin/env python3
"""Rewrites those planted files of the sample corpus whose bytes are no readable text.

Pages in old and mislabelled encodings, double-encoded text, control and invisible
characters, gzip: an editor would spoil them, so their texts live here.

    python3 sample_corpus/plants.py            # writes sample_corpus/odd/...
    python3 sample_corpus/plants.py --check    # only says which files differ

Standard library only. The bytes depend on nothing but this file: gzip members are
put together by hand, because compressors differ from one zlib to the next.
What should become of each file stands in planted.json.
"""

import hashlib
import json
import sys
import zlib
from pathlib import Path

HERE = Path(__file__).resolve().parent
DATE = "2025-11-03T08:00:00Z"


# ---------------------------------------------------------------- pages

def page(title, paragraphs, head="", lang="", site="", nav=(), foot=""):
    """A small page as small sites have them: a menu, an article, a footer."""
    menu = "".join(f'<li><a href="/{i}.html">{text}</a></li>' for i, text in enumerate(nav))
    body = "\n".join(f"<p>{text}</p>" for text in paragraphs)
    lang = f' lang="{lang}"' if lang else ""
    return (f"<!DOCTYPE html>\n<html{lang}>\n<head>{head}<title>{title} - {site}</title></head>\n<body>\n"
            f'<div class="header"><a href="/">{site}</a><ul class="menu">{menu}</ul></div>\n'
            f'<div class="article">\n<h1>{title}</h1>\n{body}\n</div>\n'
            f'<div class="footer">{foot}</div>\n</body>\n</html>\n')


def charset(name):
    return f'<meta http-equiv="Content-Type" content="text/html; charset={name}">'


ZH = {"site": "老街杂记", "nav": ("首页", "旧物", "邻里", "留言"), "foot": "老街杂记 版权所有"}
ZHT = {"site": "巷口手札", "nav": ("首頁", "吃食", "人情", "留言"), "foot": "巷口手札 版權所有"}
EN = {"site": "The Slipway", "nav": ("Home", "Harbour", "Letters", "About"), "foot": "The Slipway, printed when there is news"}

RADIO = ("修好一台旧收音机", [
    "楼下旧货摊的老秦送给我一台收音机，木头外壳，正面蒙着一块发黄的布。他说这台机器已经哑了十几年，放在摊上只是占地方，你要是能让它出声，就归你了。",
    "我把它抱回家，先用毛刷扫掉里面的灰。灰厚得像一层毡子，扫下来以后，线路才露出本来的颜色。电源线的胶皮已经变硬，一弯就裂，我换了一根新的，又把松脱的焊点一个一个补上。",
    "通电以后还是没有声音。我拿着万用表从电源开始往后量，量到第三个电容，发现它早就干了，鼓起一个小包。电子市场里找不到同样的型号，店主翻了半天抽屉，给我配了一只差不多大小的，说先试试，不行再来。",
    "装上去那天晚上下着雨。我转动旋钮，喇叭里先是沙沙的响声，接着忽然有人在报天气，声音不大，却很清楚。我坐在桌子旁边听完了整段天气预报，其实明天下不下雨，我一点也不关心。",
    "后来我把收音机拿给老秦听。他凑近了，听了一会儿评书，说这个声音比手机里的好听，因为它有一点木头味。他没有把机器要回去，只是每天收摊以前，都会上楼来坐一坐。",
])

TOFU = ("巷口的豆腐攤", [
    "外婆家的巷口有一個豆腐攤，攤主姓賴，大家都叫他賴伯。天還沒亮，他就推著一輛木頭車出來，車上蓋著白布，布底下冒著熱氣。聽見搖鈴的聲音，各家的孩子便端著碗跑下樓。",
    "賴伯做豆腐用的是石磨。黃豆前一晚泡在水裡，半夜起來磨成漿，再放進大鍋慢慢煮。他說火不能急，急了會焦，焦了就有苦味，整鍋都要倒掉。點滷水的時候，他不准別人跟他說話。",
    "我最喜歡的是剛壓好的板豆腐，切開來邊緣是直的，中間還會輕輕晃動。外婆用一點醬油和蔥花拌著吃，說這樣才吃得出豆子的味道。我問她豆子是什麼味道，她想了想，說就是雨後的田那種味道。",
    "後來超級市場開到街角，盒裝的豆腐便宜又不會破，來買的人少了。賴伯並沒有抱怨，只是把每天的份量減了一半，賣完就收攤，下午在廟前跟人下棋。",
    "去年我回去，攤子還在，掌攤的換成了他的孫女。她在車上掛了一塊小黑板，寫著今天用的是哪裡的豆子。我買了兩塊，她多送了我一碗豆漿，說阿公交代過，端著碗來的客人要多給一點。",
])

BATH = ("川沿いの小さな銭湯", [
    "祖父が通っていた銭湯は、川沿いの細い道の突き当たりにあります。煙突はもう低く見えるほど周りに建物が増えましたが、夕方になると今でも薪の匂いが漂ってきます。",
    "番台に座っているのは、三代目の女将さんです。お客さんの顔を見ると、何も言わなくても石けんと手ぬぐいを出してくれます。常連のほとんどは八十歳を過ぎていて、湯船の中で天気と野菜の値段の話をしています。",
    "壁には山ではなく、大きな帆船の絵が描いてあります。昔、絵を頼まれた職人が海を見たことがなく、想像だけで波を描いたのだそうです。だから波の形が少しおかしいのですが、誰も直そうとは言いません。",
    "薪は近くの製材所から分けてもらった端材です。女将さんの息子さんが毎朝それを割り、昼過ぎから釜に火を入れます。重油に替えれば楽になると勧められても、湯の柔らかさが変わるからと断ってきました。",
    "去年の冬、釜が壊れて一か月ほど休みになりました。再開の日、入り口には長い列ができました。初めて来た学生も、久しぶりに来た人も、湯から上がると同じように赤い顔をして、瓶の牛乳を飲んでいました。",
])

FERRY = ("The café at the end of the ferry pier", [
    "There has been a café at the end of the pier since before the ferry had an engine. It is painted a shade of green that nobody sells any more, and the owner, Renée Aldous, mixes it herself every spring from three tins and a guess.",
    "The menu is short. You can have soup, a cheese roll, or the thing she calls a naïve omelette, because it was invented by a deckhand who had never seen one made. Everything costs €4, and has done since the till broke. “It is a round number,” she says, “and I can count it in the dark.”",
    "In winter the first boat leaves before sunrise. The crew come in with their collars up, drink their tea standing, and go out again without a word – it isn’t rudeness, only the hour. By nine the place is full of people who have missed the second boat and do not mind very much.",
    "Last month the council offered to build her a new kiosk, with heating and a proper sign. She went to look at the drawings and thanked them for the trouble. Then she asked whether the new one would shake a little when the ferry touched the pier, as the old one does. They said that it would not. She said that in that case she would rather stay where she was.",
])

LETTER = ("A letter about the façade", [
    "Zoë Pemberton has written to us about the front of the old fish market, and since she is right we print her letter whole. The façade, she says, has been hidden behind scaffolding for so long that children draw the street with poles in front of it.",
    "“I do not complain about repairs,” she writes. “I complain about repairs that have stopped. The last workman I saw there was eating a sandwich, and that was in March. Since then the nets have torn, the pigeons have moved in, and the pigeons don’t pay rent.”",
    "We asked the builder, who said that a single carved stone has to be replaced, that only one mason on this coast can carve it, and that he has hurt his wrist. The stone shows a herring with a surprised expression. The mason has promised to begin as soon as he can hold a chisel.",
    "Until then the poles will stay. Miss Pemberton, who is eighty-one, suggests that somebody should at least paint them in a cheerful colour. Two of our readers have already offered a brush. We think the idea excellent, and will print a picture as soon as there is anything to see.",
])

MINT = ("阳台上的薄荷", [
    "三月里，同事从自家花盆里剪了两根薄荷给我，用湿纸巾包着，装在一个药瓶里。她说这东西最好养，插在水里就能生根，种到土里便会到处乱跑，你只要记得拦住它。",
    "我把枝条插进玻璃杯，放在厨房的窗台上。第五天，茎的下端冒出几个白点；第九天，白点变成了细细的根，像胡须一样散开。我把它们移进一只旧搪瓷盆，盆底用钉子敲了三个洞。",
    "开头两个星期，叶子没精打采地垂着，我以为养不活了。后来才知道是浇水太勤，根在湿泥里透不过气。我改成用手指去摸土，干到第一个指节再浇，叶子果然一天比一天挺直。",
    "到了六月，薄荷已经挤满了盆。早上摘几片放进凉开水里，喝起来像刚下过雨。邻居的小孩隔着栏杆闻见气味，问我是不是在偷偷吃口香糖，我便剪了一把送给他。",
    "入冬以前，我把枝条剪到只剩两指高，把盆搬到避风的角落。上面看起来光秃秃的，什么也没有。我并不担心，因为拨开表面的土，就能看见一条白色的根正贴着盆边慢慢地走。",
])

NAMES = ("名字里的生僻字", [
    "我们班上有三个人的名字总是让电脑为难：李喆、陶堃和周玥。开学第一天，点名册上李喆的名字后面印着一个方框，老师犹豫了一下，问“李什么”同学来了没有。",
    "李喆说，他爷爷给他取这个字，是因为一个“吉”不够，要两个才放心。陶堃的名字里有两个“方”和一个“土”，他妈妈希望他做人方正，脚踏实地。周玥的“玥”是古书里说的一种神珠，她自己却说，不过是王家的月亮。",
    "生僻字带来的麻烦可真不少。买车票的时候，售票机打出来的是拼音；办图书证的时候，柜台的阿姨把“堃”拆成了两个“方”，又在旁边画了一个土堆。陶堃把那张图书证一直留着，说这是他见过的最诚实的证件。",
    "后来学校换了新的系统，三个名字终于都能显示了。那天班主任特意把点名册投在黑板上，全班一起念了一遍。李喆站起来鞠了个躬，说从今天起他再也不叫“李方框”了，大家都笑了起来。",
    "毕业的时候，我们请人刻了一块木牌，上面是全班的名字。刻字的师傅说，笔画多的字反而好刻，因为每一刀都知道该往哪里去。",
])

RARE = ("族谱上的一个怪字", [
    "清明回乡，大伯从樟木箱里取出一本族谱，纸已经脆了，翻的时候要用竹片托着。翻到第七代，有一位先祖的名字让大家都停了下来，那个字上面是一个“士”改成的“土”，下面一个“口”，写作𠮷。",
    "堂弟说这是写错了的“吉”，大伯摇头，说不是错，是从前的写法，上面那一横比下面的短。旁边还有一位叫㐂的姑婆，这个字是“喜”的草书变来的，三个“七”叠在一起，像一个人笑得站不稳。",
    "我想把这一页录进电脑，好让在外地的亲戚也能看见。输入法里找不到这两个字，翻了半天字典，才知道它们有自己的编码，只是许多旧软件不认得，会把它们变成问号。",
    "录完以后，我把文件发到家族群里。有人看得见，有人看见的是两个小方块，还有人看见了一串奇怪的符号。大伯戴着老花镜看了很久，说电脑真是年轻，连我们家的老祖宗都不认识。",
    "最后我们还是把那一页拍成照片，洗出来，夹在族谱里面。纸会发黄，字不会变成方块。大伯说，等下一次晒谱的时候，你们的孩子就知道这两个字怎么写了。",
])

CARDS = ("A cupboard full of drawers", [
    "The library in our town still keeps its card catalogue. It stands in the entrance hall, a hundred and twenty oak drawers with brass handles, and nobody has opened most of them since the computers came. I was paid for one summer to find out whether it could be thrown away.",
    "The cards were typed by four librarians over sixty years, and after a week I could tell them apart. One of them never used a capital letter. Another wrote small warnings in pencil: this author is dull, that map is wrong, ask me about the other copy. The third corrected the second. The fourth only ever added the word ‘lost’, with a date.",
    "I compared each drawer with the new system. Nearly every book was there, but the pencil notes were not, because there was no field for them. A reader in 1954 had learned that the third shelf on the left was better than anything in the index. A reader today would learn only that the book was available.",
    "In my report I said that the cupboard should stay. The committee agreed, mostly because it was too heavy to move. Since then I have gone back now and again, opened a drawer at random, and taken the advice of a woman who has been dead for thirty years. She has not been wrong so far.",
])

SAMOVAR = ("Самовар на чердаке", [
    "На чердаке нашего дома стоял самовар, накрытый старой простынёй. Бабушка говорила, что он протекает, поэтому им не пользуются, но выбросить его она никому не позволяла. Каждую весну его сносили вниз, чистили мелом и снова уносили наверх.",
    "Прошлым летом мой брат решил его починить. Он отнёс самовар к жестянщику, который работает у рынка, и тот нашёл трещину возле крана. Трещина была тонкая, как волос, и закрыли её за один вечер.",
    "В воскресенье мы вынесли самовар во двор, налили воды и разожгли сосновые шишки. Дым пошёл такой, что соседи выглянули из окон. Потом вода зашумела, запела, и самовар стал дрожать на столе, будто хотел куда-то идти.",
    "Бабушка разливала чай сама. Она сказала, что из самовара чай не вкуснее, зато ждать его приходится дольше, а пока люди ждут, они разговаривают. К вечеру за столом сидело семнадцать человек, и с половиной из них мы раньше только здоровались на лестнице.",
    "Теперь самовар стоит на кухне. Простыню, которой он был накрыт, бабушка постирала и сложила в шкаф, на случай если понадобится накрыть что-нибудь ещё.",
])

STATION = ("간이역의 벤치", [
    "내가 자란 마을에는 하루에 기차가 네 번만 서는 작은 역이 있었다. 역무원은 한 사람뿐이었고, 그는 표를 팔고 깃발을 흔들고 화단에 물을 주는 일까지 모두 혼자서 했다.",
    "역 앞에는 나무로 만든 긴 벤치가 하나 있었다. 기차를 기다리는 사람보다 그냥 앉아 있는 사람이 더 많았다. 할머니들은 장에서 사 온 나물을 그 위에서 다듬었고, 아이들은 학교가 끝나면 그곳에 가방을 던져 놓고 냇가로 뛰어갔다.",
    "겨울이면 역무원이 대합실 난로에 고구마를 올려놓았다. 기차가 늦게 오는 날일수록 고구마는 더 달게 익었다. 그래서 우리는 기차가 늦는다는 방송을 들으면 속으로 기뻐하곤 했다.",
    "몇 해 전에 역은 문을 닫았고 기차는 그냥 지나가게 되었다. 마을 사람들은 회의를 열어 벤치만은 그대로 두기로 했다. 누군가 해마다 칠을 새로 하고, 누군가는 비가 오면 마른걸레로 닦아 놓는다.",
    "지난가을에 그 벤치에 앉아 지나가는 기차를 보았다. 창가에 앉은 아이가 손을 흔들었고 나도 손을 흔들었다. 기차는 서지 않았지만 무엇인가를 기다린 것 같은 기분이 들었다.",
])

CLOCK = ("Winding the church clock", [
    "It’s not difficult to wind a church clock, but it’s a long way up. There are ninety-three steps, and the last twenty are a ladder. I’ve done it every Saturday since my uncle’s knees gave out, and I can’t say that I mind.",
    "The crèche below finishes at noon, so I start at ten past, when it’s quiet. You fit the crank, lean on it, and count. The going train takes forty turns; the striking train takes a hundred and ten. “Don’t stop in the middle,” my uncle said, “or you’ll lose count and feel foolish.” He didn’t say it was dangerous, although it is.",
    "What nobody tells you is how loud it is. You don’t hear it in the street – there it’s a polite sort of click – but beside the frame every second lands like a plate on a table. After a while you’re breathing in time with it, and you’d rather not think about that.",
    "From the top you can see the whole parish, the river, and the café where the bell-ringers eat afterwards. They’ve kept a chair for me. It’s the one nearest the door, because I’m always the last to come down and I’m always covered in grease.",
])

ACCENTS = ("Words we borrowed and never gave back", [
    "My grandmother kept a list of French words that she was allowed to use at table. It wasn’t long. There was café, naturally, and soufflé, which she could make, and protégé, which she couldn’t stand. A résumé was something other people had.",
    "She’d learned them from a lodger, Madame Béranger, who stayed for a winter and left fifteen years’ worth of phrases behind. When the old lady was cross she’d say that a thing was passé. When she was pleased she said nothing, which we came to recognise.",
    "We children thought that the little marks above the letters were decoration, like the piping on a cake. My brother put them on everything he wrote for a year. His teacher didn’t object, because he’d never been so careful with his handwriting before.",
    "I found the list again when we emptied the house. On the back, in pencil, she’d written a single English word, ‘homesick’, and a question mark. I don’t know whether she was looking for the French of it. I’ve asked two people since, and they’ve given me three different answers.",
])

STAMPS = ("集邮册里的缺口", [
    "父亲的集邮册一共十二本，排在书柜最上面一层。每一页都用镊子摆得整整齐齐，只有第七本的中间空着一格，旁边用铅笔写着一个很小的“等”字。小时候我问过他等什么，他说等一个守信用的人。",
    "原来三十多年前，一位工友借走了那一格里的邮票，说要给自己的孩子看一看，过几天就还。没过几天，工友被调去了外地的工厂，走得很急，邮票也跟着走了。父亲从来没有去要过，只是把那个空格一直留着。",
    "去年秋天，门口来了一个年轻人，手里拿着一封信。他说他的父亲刚刚去世，整理遗物的时候，在一本旧书里找到一枚邮票，背面的纸条上写着我们家从前的地址。他一路打听，走了三天才找到这里。",
    "父亲戴上眼镜，把邮票翻来覆去看了很久，然后拿出镊子，轻轻放进那个空格。大小正好，齿孔一个也没有少。他请年轻人吃了一顿饭，两个人说的都是那位工友年轻时候的笑话。",
    "临走的时候，父亲从别的本子里挑了一枚送给他。年轻人推辞了半天，最后还是收下了。我注意到父亲在原来的位置上，又用铅笔写了一个很小的“等”字。",
])

KITE = ("等风来的人", [
    "河滩上放风筝的人里，数老魏的风筝飞得最稳，也数他等得最久。别人来了就跑，一边跑一边放线；他总是先坐下来，点一支烟，看烟往哪边飘。",
    "他的风筝是自己扎的。竹条要选三年的老竹，劈开以后放在阴凉处晾一个夏天，再用小火慢慢烤弯。纸是从安徽一位亲戚那里寄来的，又薄又韧，画上去的颜色不会晕开。",
    "有一回，几个年轻人拿着新买的大风筝来和他比。风筝是塑料布做的，带着彩灯，一松手就窜了上去，可是风一变，立刻打着转栽进了河里。老魏的燕子在旁边一动不动，像钉在天上一样。",
    "年轻人服气了，问他有什么窍门。老魏说没有窍门，只有两条：线要留三分，人要等一等。风来的时候不要高兴得太早，风走的时候也不要急着往回收。",
    "现在那几个年轻人每个周末都来，坐在他旁边，学着看烟。远远望过去，河滩上一排人都不动，只有天上的风筝轻轻地晃着，好像它们才是放风筝的。",
])

DAMAGED = ("档案室搬家记", [
    "单位的档案室从三楼搬到一楼，我们几个年轻人干了整整一个星期。柜子里的纸最早的有七十年，边角一碰就碎，只能连同硬纸板一起端着走，谁也不敢跑。",
    "最难办的是那些旧光盘。它们是二十年前刻的，当时以为能用一百年，现在能读出来的不到一半。读出来的文件里，有的整页都是乱码，像是谁在键盘上睡着了。",
    "负责的老师傅姓葛，他说乱码也分两种。一种只是读错了，好比拿错了钥匙，换一把就能打开；另一种是丢了东西，再好的师傅也配不出来。他把前一种放在左边，后一种放在右边。",
    "右边的那一摞，最后也没有扔掉。葛师傅给每一张都贴了标签，写上年份和来历，又在本子里记下：内容不详，等后来的人。",
])

TIDES = ("How to read a tide table", [
    "A tide table looks like a page of telephone numbers, but it answers only two questions: when, and how high. Everything else is left to the person who reads it, and to the wind.",
    "Begin with the column of times. There are usually four of them for a day, two for high water and two for low, a little over six hours apart. Each day they come about fifty minutes later than on the day before, because the moon has moved on.",
    "Then look at the heights. Near new and full moon the difference between high and low is large, and these are called spring tides, though they have nothing to do with the season. A week later the difference is small, and the tides are called neaps. If you want to walk to the island, choose a spring tide. If you want to bring a deep boat over the bar, choose a spring tide as well, but the other end of it.",
    "Finally, trust the table less than you would like to. A strong wind from the sea can hold the water up for an hour, and low pressure lifts it by the height of a boot. The old pilots say that the table tells you what the sea intends, and the sea tells you what it does.",
])

MARKET = ("雨天的菜市场", [
    "下雨天的菜市场比平时安静。顶棚上的雨声很密，摊主们不再吆喝，把凳子往里挪一挪，隔着过道聊起天来。卖鱼的老板娘说，雨天的鱼最精神，因为它们以为自己还在河里。",
    "我常去的那家菜摊，老板姓庞，称菜从来不看秤，随手一抓就是半斤。别人不信，拿去公平秤上称，每次都差不到一两。他说没有什么本事，一样的事情做了三十年，手就记住了。",
    "雨天的菜便宜一点，因为放不住。快收摊的时候，庞老板把剩下的青菜分成小堆，一堆一块钱，谁要谁拿。有位老太太每次都拿两堆，回去喂她的兔子，顺便把兔子的近况讲给大家听。",
    "我问庞老板，雨下这么大，怎么还天天出来。他指了指对面楼上的几个窗户，说那里住着几位走不动的老人，一下雨，别处的菜他们就买不到了。收了摊，他会把菜送到门口，挂在把手上，按一下铃就走。",
    "回家的路上，我看见他推着三轮车停在楼下，仰着头数窗户。雨衣的帽子滑到了后面，他也没有管。",
])

CUT = ("A page that was never finished", [
    "The crawler had fetched half of this page when the disk was full. What follows was meant to be an account of the harbour master and his dog, who between them have met every ship for eleven years.",
    "The dog knows the ships by their horns and the harbour master knows them by their paint. On foggy mornings they rely on the dog. It has been wrong once, about a dredger, and was embarrassed for a week.",
    "The port authority lists the animal as equipment, between the spare fenders and the second-best rope, and replaces its collar from the same budget.",
])

WELL = ("At the bottom of the well", [
    "Somebody's template opens one more box for every visitor and never closes any. After a hundred thousand visitors the page is a well, and the article lies at the bottom of it. A reader does not notice, because boxes have no colour.",
    "The well in our village was dug by two brothers who could not agree where to stop. The elder said that they had reached water. The younger said that they had reached damp. They went on for another nine days, and the water that came up in the end was so cold that people used it to keep butter.",
    "When the pump broke last summer a boy was let down on a rope to look for the missing valve. He came back with the valve, three buckets, a pair of spectacles and a coin with a hole in it. He also said that it was possible to see the stars from down there, at noon, and that they looked as if they were much too close.",
    "His grandmother told him that this was an old story and not true. He answered that he had counted seven of them. Nobody else wanted to go down and check, so the matter rests where it is.",
])

FRIDGE = ("A note on the refrigerator door", [
    "My neighbour photographs every note that her family leaves on the refrigerator. She has done so for twelve years, and she says that it is the only honest history of a household that she knows of.",
    "The early notes are about milk. Then there is a long season of school forms and lost gloves, and a single sheet that says only, in capital letters, who ate the wedding cake. Nobody has ever confessed. Later the handwriting changes, because the children have grown tall enough to reach the top of the door.",
    "Last year she printed all of them in a book and gave a copy to each of her sons. The elder read it in one evening and telephoned to apologise for the cake. The younger pointed out that a third of the notes were in his hand, and asked whether he should be paid for them.",
    "She keeps the pen on a string beside the door. The string was added in the second year, after four pens had gone, and it is the only part of the system that has never failed.",
])

TYPEWRITER = ("The man who repaired typewriters", [
    "There is a shop in Tanner Street where you can still have a typewriter repaired. The window holds one machine, always a different one, with a sheet of paper in it. On the paper is the first half of a sentence, and anybody who comes in may write the other half.",
    "The owner is called Josef Marek. He learned the trade from his father, who learned it in a factory that made sewing machines until somebody asked for letters instead of stitches. He says that the two are not so different. Both of them fail because of dust, and both are ruined by people who oil them too kindly.",
    "Most of his customers are young. They want to write without being interrupted, and they bring in machines that have spent forty years in a loft. He opens the case, blows through it, and listens to each key. By the sound he knows which letters the last owner used most. One machine had a worn letter Q, and he is still wondering about that.",
    "I asked whether he keeps the sentences from the window. He pulled out a drawer with eleven years of paper in it. The halves that he wrote are all in black, and the halves that strangers wrote are all in red, since that is the side of the ribbon that nobody else uses up.",
])

KITCHEN = ("外婆的腌菜缸", [
    "外婆的腌菜缸放在楼梯底下，缸口盖着一块青石板，石板上压着半块砖。小时候我最怕路过那里，因为缸里总有咕噜咕噜的声音，好像藏着什么活的东西。",
    "外婆说那是菜在说话。芥菜洗干净，在竹竿上晒两天，晒到叶子发软，再一层菜一层盐地码进去，用脚踩实。她踩菜的时候要换一双新布袜，还要哼一段戏，说不哼的话菜会发酸。",
    "过了四十天，石板一揭开，满屋子都是香味。左邻右舍端着碗来要，外婆从来不问要多少，总是捞到碗装不下为止。剩下的卤水也不倒，舀一勺烧豆腐，比什么都鲜。",
    "那只缸现在还在，里面种着一棵石榴。去年结了三个果子，我妈说吃起来有一点咸，我没有尝出来。",
])

SPIRAL = ("The staircase that went round once too often", [
    "The mill has a spiral staircase, and every child who visits it counts the steps. Some find sixty-one and some find sixty-two. The miller, who is tired of being asked, says that it depends on where you start.",
    "It was built by a carpenter from the coast who had only ever worked on ships. He cut the treads at home, numbered them, and brought them up the valley on two carts. When they were put together the top came out facing the wall. Rather than cut them again he added one more turn, and moved the door.",
    "Engineers who come to see it are surprised that it has never sagged. There is no post in the middle. Each tread rests on the one below and leans on the one before, so that the whole thing stands only because nobody has ever taken a piece away.",
    "Last spring a tread split, and for three weeks the upper floor could be reached only by the grain hoist. The miller carved a new one from an old gatepost. He says that the staircase is quieter since then, but that it complains on Sundays.",
])

GLOVE = ("One glove", [
    "The lost property office at our bus station keeps single gloves for a year and pairs for a month. The clerk says that this is logical. A person who loses two gloves buys another pair and forgets. A person who loses one glove goes on hoping, and carries the other in a pocket until spring.",
    "She has a long board with hooks, and every glove hangs on its own hook with a paper label. The label gives the route and the weather. On the first cold morning of autumn there is a queue. People walk along the board slowly, as if at an exhibition, and when somebody finds the right one the whole queue is pleased.",
    "After twelve months the gloves that nobody wanted go to a school on Mill Lane, where they become puppets. The clerk goes to the performance every summer. She admits that she still looks at them closely, because once, in the second act, she recognised her own.",
])

UMBRELLA = ("共用的雨伞", [
    "我们这栋楼的门厅里有一只旧木桶，桶里插着七八把雨伞，谁都可以拿。最早的那一把是三楼的许老师放的，她说出门才发现下雨，再爬楼回去拿伞，膝盖受不了。",
    "后来大家把多余的伞都放了进去。有的伞柄上缠着胶布，有的少了一根骨，还有一把是小孩子用的，上面印着青蛙。奇怪的是，一年多过去，桶里的伞不但没有少，反而多了三把。",
    "许老师说这很好解释。借伞的人总觉得欠了一点什么，还的时候便想多还一点。她在木桶旁边挂了一个本子，本来是登记用的，现在写满了别的话，比如“今天的雨到四点就停了”，又比如“青蛙伞的扣子我缝好了”。",
    "上个月搬来一位新邻居，看见桶里的伞，不敢拿，站在门口等雨停。许老师正好下楼，递给他一把，说在这里住，有两件事不用着急：一件是下雨，一件是还伞。",
])

KITE_RHYME = ("会放风筝的人先看天气，抬头看看柳条，再看水面的波纹，手里的线松一松，它自己会上去，心里不要着急，"
              "放得高不算本事，收得回来才算，今天没有大风，打雷的时候回家，慢慢来，风还会再来的！等到明年春天，河边的人都知道！")


# ---------------------------------------------------------------- damage

def read_as_windows_1252(text):
    """UTF-8 read as windows-1252, the five free bytes as browsers read them."""
    return "".join(bytes([b]).decode("cp1252", "ignore") or chr(b) for b in text.encode())


def read_as_gbk(text):
    """UTF-8 read as GBK; raises where that would lose something."""
    return text.encode().decode("gbk")


def saved_after_loss(text):
    """GBK read as UTF-8, saved with replacement characters, read as GBK: beyond repair."""
    return text.encode("gbk").decode("utf-8", "replace").encode().decode("gbk", "replace")


def with_invisible(text):
    """Soft hyphens, zero-width spaces and joiners inside words, a byte order mark per paragraph."""
    for word, broken in (("photographs", "photo\u00adgraphs"), ("refrigerator", "re\u00adfrig\u00ader\u00ada\u00adtor"),
                         ("handwriting", "hand\u200bwriting"), ("apologise", "apo\u200clogise"),
                         ("neighbour", "neigh\u2060bour"), ("wedding", "\u200ewedding\u200e")):
        text = text.replace(word, broken)
    return "\ufeff" + text


def with_controls(title, paragraphs):
    """What `script` or a copied terminal leaves behind."""
    out = f"\x1b]0;tides.txt - less\x07\x1b[1;34m{title}\x1b[0m\r\n\r\n"
    for i, text in enumerate(paragraphs):
        first, rest = text.split(" ", 1)
        bold = "".join(f"{c}\x08{c}" for c in first) if i == 1 else f"\x1b[4m{first}\x1b[24m"
        out += f"{bold} {rest}\x1b[K\r\n\r\n"
    return out.replace("spring tides", "\x1b[38;5;208mspring tides\x1b[0m") + "\x1b[?25h\x07\x0c\x7f\x1a\r\n"


# ---------------------------------------------------------------- gzip and WARC

class Bits:
    """Writes bits from the lowest upwards, as deflate packs them."""

    def __init__(self):
        self.out, self.pending, self.count = bytearray(), 0, 0

    def put(self, value, width):
        self.pending |= value << self.count
        self.count += width
        while self.count >= 8:
            self.out.append(self.pending & 255)
            self.pending >>= 8
            self.count -= 8

    def code(self, value, width):
        """A Huffman code: highest bit first."""
        self.put(int(format(value, f"0{width}b")[::-1], 2), width)

    def symbol(self, s):
        """A literal or length symbol of the fixed code (RFC 1951, 3.2.6)."""
        for low, high, base, width in ((0, 143, 48, 8), (144, 255, 400, 9), (256, 279, 0, 7), (280, 287, 192, 8)):
            if low <= s <= high:
                self.code(base + s - low, width)


def deflate(data, distances):
    """One fixed block: literals, and matches of 258 bytes at the given distances (5 to 8)."""
    bits, i = Bits(), 0
    bits.put(0b011, 3)
    while i < len(data):
        hit = next((d for d in distances if i >= d and data[i:i + 258] == (data[i - d:i] * 258)[:258]), 0)
        if hit:
            bits.symbol(285)
            bits.code(4 + (hit - 5) // 2, 5)
            bits.put((hit - 5) % 2, 1)
            i += 258
        else:
            bits.symbol(data[i])
            i += 1
    bits.symbol(256)
    bits.put(0, 7)
    return bytes(bits.out)


def member(data, distances=()):
    """A gzip member with neither name nor time."""
    tail = zlib.crc32(data).to_bytes(4, "little") + len(data).to_bytes(4, "little")
    return b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + deflate(data, distances) + tail


def record(kind, block, url=None, content_type="application/http; msgtype=response"):
    name = hashlib.sha1(f"{kind} {url}".encode() + block).hexdigest()
    uuid = f"{name[:8]}-{name[8:12]}-5{name[13:16]}-8{name[17:20]}-{name[20:32]}"
    head = [f"WARC-Type: {kind}", f"WARC-Date: {DATE}", f"WARC-Record-ID: <urn:uuid:{uuid}>",
            f"Content-Length: {len(block)}", f"Content-Type: {content_type}"]
    if url:
        head.append(f"WARC-Target-URI: {url}")
    return "\r\n".join(["WARC/1.0", *head, "", ""]).encode() + block + b"\r\n\r\n"


def response(url, html):
    body = html.encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(body)}\r\n\r\n"
    return record("response", head.encode() + body, url)


WARCINFO = record("warcinfo", b"software: a planted file\r\nformat: WARC File Format 1.0\r\n",
                  content_type="application/warc-fields")


def truncated():
    """A crawl cut off in the middle of its last record."""
    pages = [("https://slipway.example/cupboard", page(*CARDS, lang="en", **EN)),
             ("https://laojie.example/umbrella", page(*UMBRELLA, lang="zh-CN", **ZH)),
             ("https://slipway.example/unfinished", page(*CUT, lang="en", **EN))]
    members = [member(WARCINFO)] + [member(response(*p)) for p in pages]
    return b"".join(members[:-1]) + members[-1][:len(members[-1]) * 3 // 5]


def nested(levels=100_000):
    """Two pages nested absurdly deep: boxes never closed round an article, spans after one."""
    title, text = WELL
    well = page(title, text, lang="en", **EN).replace('<div class="article">', "<div>" * levels)
    title, text = SPIRAL
    spiral = page(title, text + ["<span>" * levels + "round and round" + "</span>" * levels], lang="en", **EN)
    return member(WARCINFO) + b"".join(
        member(response(f"https://slipway.example/{name}", html), (5, 6, 7))
        for name, html in (("well", well), ("spiral", spiral)))


# ---------------------------------------------------------------- JSON lines

def json_lines():
    """Good lines among lines that are none; the byte offsets stand in planted.json."""
    def good(number, title, paragraphs, lang):
        row = {"id": number, "title": title, "text": "\n\n".join(paragraphs), "lang": lang,
               "url": f"https://slipway.example/export/{number}"}
        return json.dumps(row, ensure_ascii=False).encode()

    return [
        good(1, *GLOVE, "en"),
        b'{"id": 2, "title": "Cut in the middle", "text": "The line ends before the str',
        b"not JSON at all, only a remark somebody left in the export",
        b'["an", "array", "where", "an", "object", "belongs"]',
        b'{"id": 5, "title": "No text", "url": "https://slipway.example/export/5"}',
        b'{"id": 6, "title": "A number for a text", "text": 42}',
        b'{"id": 7, "title": "Half of a surrogate pair", "text": "before \\ud83d after"}',
        b'{"id": 8, "title": "Latin-1 in a UTF-8 file", "text": "caf\xe9"}',
        good(9, *MARKET, "zh"),
    ]


# ---------------------------------------------------------------- the files

def noise(size):
    """Bytes as of a picture: a PNG signature and what a hash gives."""
    blocks = (hashlib.sha256(i.to_bytes(4, "big")).digest() for i in range(size // 32))
    return b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + b"".join(blocks)


def files():
    yield "gbk-undeclared.html", page(*RADIO, **ZH).encode("gbk")
    yield "big5-undeclared.html", page(*TOFU, **ZHT).encode("big5")
    yield "shift-jis.html", page(*BATH, charset("Shift_JIS"), site="川の道", nav=("ホーム", "町", "便り")).encode("shift_jis")
    yield "windows-1252-declared-latin-1.html", page(*FERRY, charset("iso-8859-1"), **EN).encode("cp1252")
    yield "windows-1252-undeclared.html", page(*LETTER, **EN).encode("cp1252")
    yield "gbk-declared-utf-8.html", page(*MINT, '<meta charset="utf-8">', "zh-CN", **ZH).encode("gbk")
    yield "gbk-declared-gb2312.html", page(*NAMES, charset("gb2312"), **ZH).encode("gbk")
    yield "gb18030-four-bytes.html", page(*RARE, charset("gb18030"), **ZH).encode("gb18030")
    yield "utf-16-with-mark.html", ("\ufeff" + page(*TYPEWRITER, charset("iso-8859-1"), **EN)).encode("utf-16-le")
    yield "windows-1251.html", page(*SAMOVAR, charset("windows-1251"), site="Двор", nav=("Главная", "Письма")).encode("cp1251")
    yield "euc-kr-undeclared.html", page(*STATION, site="작은 길", nav=("처음", "이야기")).encode("euc_kr")

    damaged = page(*CLOCK, '<meta charset="utf-8">', "en", **EN)
    yield "mojibake-windows-1252.html", read_as_windows_1252(damaged).encode()
    damaged = page(*ACCENTS, '<meta charset="utf-8">', "en", **EN)
    yield "mojibake-latin-1.html", damaged.encode().decode("latin-1").encode()
    title, text = STAMPS
    last = "他一路打听，走了三天才找到这里。"
    text = [paragraph.replace(last, read_as_windows_1252(last)) for paragraph in text]
    yield "mojibake-chinese-windows-1252.html", page(title, text, '<meta charset="utf-8">', "zh-CN", **ZH).encode()
    title, text = KITE
    text = text[:4] + [read_as_gbk(KITE_RHYME)] + text[4:]
    yield "mojibake-chinese-gbk.html", page(title, text, '<meta charset="utf-8">', "zh-CN", **ZH).encode()
    title, text = KITCHEN
    yield "mojibake-whole-page.html", page(title, map(read_as_windows_1252, text), '<meta charset="utf-8">', "zh-CN", **ZH).encode()
    title, text = DAMAGED
    yield "mojibake-beyond-repair.html", page(title, map(saved_after_loss, text), '<meta charset="utf-8">', "zh-CN", **ZH).encode()

    yield "terminal-escapes.txt", with_controls(*TIDES).encode()
    title, text = FRIDGE
    yield "invisible-characters.html", page(title, map(with_invisible, text), '<meta charset="utf-8">', "en", **EN).encode()
    yield "picture-named-text.txt", noise(2048)
    yield "malformed.jsonl", b"\n".join(json_lines()) + b"\n"
    yield "truncated.warc.gz", truncated()
    yield "nested.warc.gz", nested()


def main():
    check, differ = "--check" in sys.argv[1:], 0
    for name, data in files():
        path = HERE / "odd" / name
        if path.exists() and path.read_bytes() == data:
            continue
        differ += 1
        print(("differs: " if check else "wrote ") + str(path.relative_to(HERE)))
        if not check:
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(data)
    return 1 if check and differ else 0


if __name__ == "__main__":
    sys.exit(main())
