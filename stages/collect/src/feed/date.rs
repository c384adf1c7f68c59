//! Times as feeds and books write them: RFC 822 in all its broken forms, W3C-DTF, ISO 8601, and
//! what people write by hand.

use jiff::civil::DateTime;
use jiff::tz::Offset;

/// Beginnings of month names, January first, in the languages that feeds are seen in.
const MONTHS: [&str; 12] = [
    "jan ene gen ιαν янв sty led oca",
    "feb fév fev φεβ фев lut úno şub",
    "mar mär mrz maa már μαρ μάρ мар bře",
    "apr avr abr ápr απρ апр kwi dub nis",
    "may mai mei mag maj máj μαι μαϊ май мая kvě",
    "jun juin giu jún ιουν июн cze haz",
    "jul juil lug júl ιουλ июл lip tem",
    "aug aoû aou ago αυγ αύγ авг sie srp ağu",
    "sep set szep σεπ сен wrz zář eyl",
    "oct okt ott out οκτ окт paź říj eki",
    "nov νοε ноя lis kas",
    "dec dez déc dic des δεκ дек gru pro ara",
];

/// Zones by name, in minutes east of Greenwich: RFC 822's, and those that feeds are seen with.
const ZONES: &[(i32, &str)] = &[
    (-600, "hst"),
    (-540, "akst"),
    (-480, "pst pt akdt"),
    (-420, "mst mt pdt"),
    (-360, "cst ct mdt"),
    (-300, "est et cdt"),
    (-240, "edt ast"),
    (-180, "adt"),
    (0, "z ut utc gmt wet"),
    (60, "bst cet mez west"),
    (120, "cest mesz eet sast"),
    (180, "eest msk"),
    (240, "msd"),
    (480, "hkt sgt awst"),
    (540, "jst kst"),
    (570, "acst"),
    (600, "aest"),
    (660, "aedt"),
    (720, "nzst"),
    (780, "nzdt"),
];

/// Longest text that is looked at, in bytes.
const MAX_LENGTH: usize = 200;

/// A time in RFC 3339, in UTC; `None` for what cannot be told, such as 3/4/2005.
pub(crate) fn rfc3339(text: &str) -> Option<String> {
    let text = text.trim();
    if text.is_empty() || text.len() > MAX_LENGTH {
        return None;
    }
    let lower = plain(text);
    let parts = Parts::read(&lower)?;
    parts.time()
}

/// In lower case, with the units of East Asian dates as separators.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let lower = text.to_lowercase();
    let mut before = ' ';
    for c in lower.chars() {
        // "2004년 05월 28일"
        let spaced = c == ' ' && matches!(before, '年' | '月' | '년' | '월');
        if !spaced {
            before = c;
        }
        match c {
            _ if spaced => {}
            '年' | '月' | '년' | '월' | '/' => out.push('-'),
            '日' | '일' | ',' | '(' | ')' | '\u{a0}' | '\u{3000}' => out.push(' '),
            '時' | '时' | '시' | '：' => out.push(':'),
            '分' | '秒' | '분' | '초' => out.push(' '),
            '０'..='９' => out.extend(char::from_u32(u32::from(c) - 0xfee0)),
            c => out.push(c),
        }
    }
    for (word, plain) in [
        ("上午", " am "),
        ("下午", " pm "),
        ("午前", " am "),
        ("午後", " pm "),
        ("오전", " am "),
        ("오후", " pm "),
        ("a.m.", "am"),
        ("p.m.", "pm"),
    ] {
        out = out.replace(word, plain);
    }
    out
}

/// What the words of a text say.
#[derive(Debug, Default)]
struct Parts {
    year: Option<i16>,
    month: Option<i8>,
    day: Option<i8>,
    clock: Option<(i8, i8, i8)>,
    afternoon: Option<bool>,
    /// Minutes east of Greenwich.
    zone: Option<i32>,
    /// Numbers that may be a day or a year.
    numbers: Vec<(i16, usize)>,
    /// Words so far.
    words: usize,
    /// Whether the month was the first word.
    month_first: bool,
}

impl Parts {
    fn read(text: &str) -> Option<Self> {
        let mut parts = Self::default();
        for word in text.split_whitespace() {
            parts.words += 1;
            parts.word(word)?;
        }
        parts.order();
        Some(parts)
    }

    fn word(&mut self, word: &str) -> Option<()> {
        // A time behind its day: 2003-12-31T10:14:55Z.
        let is_day = |day: &str| day.starts_with(|c: char| c.is_ascii_digit()) && day.len() >= 4;
        if let Some((day, time)) = word
            .split_once('t')
            .filter(|(day, time)| is_day(day) && time.starts_with(|c: char| c.is_ascii_digit()))
        {
            self.date(day)?;
            return self.clock(time);
        }
        let first = word.chars().next()?;
        if word.contains(':') && first.is_ascii_digit() {
            return self.clock(word);
        }
        if (first == '+' || first == '-') && self.clock.is_some() {
            self.zone = Some(offset(word)?);
            return Some(());
        }
        if first.is_ascii_digit() {
            return match word.contains(['-', '.']) {
                true => self.date(word),
                false => self.number(word),
            };
        }
        self.name(word.trim_matches(['.', '-', '[', ']', '"']))
    }

    /// 2004-07-08, 20040708, 2003-365, 31-dec-2003, 31.12.2003.
    fn date(&mut self, word: &str) -> Option<()> {
        let fields: Vec<&str> = word
            .split(['-', '.'])
            .filter(|field| !field.is_empty())
            .collect();
        match fields[..] {
            [first] => self.number(first),
            [year, day] if year.len() == 4 && day.len() == 3 => {
                self.ordinal(year.parse().ok()?, day.parse().ok()?)
            }
            [year, month] if year.len() == 4 => {
                (self.year, self.month) = (year.parse().ok(), month.parse().ok());
                self.month.map(|_| ())
            }
            [first, name, rest] if self.month_of(name) => {
                self.number(first)?;
                self.number(rest)
            }
            [year, month, day] if year.len() == 4 => {
                self.year = year.parse().ok();
                self.month = month.parse().ok();
                self.day = day.parse().ok();
                self.day.map(|_| ())
            }
            [first, second, year] if year.len() == 4 => {
                let (first, second): (i8, i8) = (first.parse().ok()?, second.parse().ok()?);
                self.year = year.parse().ok();
                // With dots the day comes first; with slashes only where it cannot be a month.
                (self.day, self.month) = match () {
                    () if word.contains('.') || first > 12 || first == second => {
                        (Some(first), Some(second))
                    }
                    () if second > 12 => (Some(second), Some(first)),
                    () => return None,
                };
                Some(())
            }
            [_, _] => self.name(word),
            _ => None,
        }
    }

    /// A number alone: a day, a year, or the digits of both.
    fn number(&mut self, word: &str) -> Option<()> {
        let digits: &str = word.trim_end_matches(|c: char| c.is_alphabetic() || c == '.');
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) || digits.is_empty() {
            return None;
        }
        match digits.len() {
            1..=4 => self.numbers.push((digits.parse().ok()?, digits.len())),
            7 => {
                return self.ordinal(
                    digits.get(..4)?.parse().ok()?,
                    digits.get(4..)?.parse().ok()?,
                );
            }
            8 | 14 => {
                self.year = digits.get(..4)?.parse().ok();
                self.month = digits.get(4..6)?.parse().ok();
                self.day = digits.get(6..8)?.parse().ok();
                if digits.len() == 14 {
                    return self.clock(digits.get(8..)?);
                }
            }
            _ => return None,
        }
        (self.numbers.len() <= 3).then_some(())
    }

    fn ordinal(&mut self, year: i16, day: i16) -> Option<()> {
        let first = jiff::civil::Date::new(year, 1, 1).ok()?;
        let day = first
            .checked_add(jiff::Span::new().try_days(i64::from(day) - 1).ok()?)
            .ok()?;
        (self.year, self.month, self.day) = (Some(day.year()), Some(day.month()), Some(day.day()));
        Some(())
    }

    /// 10:14, 10:14:55.3+01:00, 101455z.
    fn clock(&mut self, word: &str) -> Option<()> {
        let zone = word.find(|c: char| !c.is_ascii_digit() && !matches!(c, ':' | '.' | ','));
        let (clock, rest) = word.split_at(zone.unwrap_or(word.len()));
        match rest {
            "" => {}
            "am" | "pm" => self.afternoon = Some(rest == "pm"),
            _ if rest.starts_with(['+', '-']) => self.zone = Some(offset(rest)?),
            name => self.name(name)?,
        }
        let whole = clock.split(['.', ',']).next()?;
        let mut fields = [0_i8; 3];
        if whole.contains(':') {
            for (field, text) in fields.iter_mut().zip(whole.split(':')) {
                *field = if text.is_empty() {
                    0
                } else {
                    text.parse().ok()?
                };
            }
        } else {
            let texts = [whole.get(..2), whole.get(2..4), whole.get(4..6)];
            for (field, text) in fields.iter_mut().zip(texts) {
                *field = text.map_or(Some(0), |text| text.parse().ok())?;
            }
        }
        self.clock = Some((fields[0], fields[1], fields[2]));
        Some(())
    }

    /// A month, a zone, half a day; others are days of the week and the like.
    fn name(&mut self, word: &str) -> Option<()> {
        if word == "am" || word == "pm" {
            self.afternoon = Some(word == "pm");
            return Some(());
        }
        if self.clock.is_some() {
            // "gmt+0200", "utc-5"
            let sign = word.find(['+', '-']);
            let (name, rest) = word.split_at(sign.unwrap_or(word.len()));
            let is_it = |(_, names): &&(i32, &str)| names.split(' ').any(|known| known == name);
            if let Some((minutes, _)) = ZONES.iter().find(is_it) {
                let more = if rest.is_empty() { 0 } else { offset(rest)? };
                self.zone = self.zone.or(Some(minutes + more));
                return Some(());
            }
        }
        self.month_of(word);
        Some(())
    }

    fn month_of(&mut self, word: &str) -> bool {
        // The longest beginning decides: "juil" is not "jui".
        let begins = |names: &str| {
            names
                .split(' ')
                .filter(|name| word.starts_with(name))
                .map(str::len)
                .max()
        };
        let found = (1..)
            .zip(MONTHS)
            .filter_map(|(month, names)| Some((begins(names)?, month)));
        let found = found
            .max_by_key(|(length, _)| *length)
            .map(|(_, month)| month);
        // At the very start "mar." may be a Tuesday; then the month comes later.
        if let Some(month) = found.filter(|_| self.month.is_none() || self.month_first) {
            self.month = Some(month);
            self.month_first = self.words == 1;
        }
        found.is_some()
    }

    /// Which number is the day and which the year.
    fn order(&mut self) {
        let is_year = |(number, digits): &(i16, usize)| *digits > 2 || *number > 31;
        for (at, found) in std::mem::take(&mut self.numbers).into_iter().enumerate() {
            if is_year(&found) || self.day.is_some() || (at > 0 && self.month.is_none()) {
                self.year = self.year.or(Some(full_year(found)));
            } else {
                self.day = i8::try_from(found.0).ok();
            }
        }
    }

    fn time(&self) -> Option<String> {
        let (mut hour, minute, second) = self.clock.unwrap_or_default();
        match self.afternoon {
            Some(true) if hour < 12 => hour += 12,
            Some(false) if hour == 12 => hour = 0,
            _ => {}
        }
        let year = self.year.filter(|year| (1..=9999).contains(year))?;
        if self.month.is_none() && self.day.is_some() {
            return None;
        }
        let (month, day) = (self.month.unwrap_or(1), self.day.unwrap_or(1));
        // Midnight at the end of a day, and leap seconds.
        let next_day = hour == 24 && minute == 0;
        let hour = if next_day { 0 } else { hour };
        let civil = DateTime::new(year, month, day, hour, minute, second.min(59), 0).ok()?;
        let zone = Offset::from_seconds(self.zone.unwrap_or(0) * 60).ok()?;
        let time = zone.to_timestamp(civil).ok()?;
        let seconds = time.as_second() + if next_day { 86_400 } else { 0 };
        Some(jiff::Timestamp::from_second(seconds).ok()?.to_string())
    }
}

/// RFC 2822, section 4.3: two digits below 50 are this century's; three count from 1900.
fn full_year((number, digits): (i16, usize)) -> i16 {
    match digits {
        1 | 2 if number < 50 => 2000 + number,
        1..=3 => 1900 + number,
        _ => number,
    }
}

/// +0100, +01:00, -5, in minutes.
fn offset(text: &str) -> Option<i32> {
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let rest: String = text.chars().skip(1).filter(char::is_ascii_digit).collect();
    let (hours, minutes) = match (rest.len(), text.contains(':')) {
        (1..=2, _) => (rest.as_str(), "0"),
        (3, _) => (rest.get(..1)?, rest.get(1..)?),
        (4.., _) => (rest.get(..2)?, rest.get(2..4)?),
        _ => return None,
    };
    let minutes = hours.parse::<i32>().ok()? * 60 + minutes.parse::<i32>().ok()?;
    (minutes <= 24 * 60).then_some(sign * minutes)
}

#[cfg(test)]
mod tests;
