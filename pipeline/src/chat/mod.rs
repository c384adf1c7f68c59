//! `textmill chat`: a conversation with a model in the terminal.

mod conversation;
mod keyboard;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result};
use clap::Args;

use crate::explore::escape;
use crate::generate::author::{Author, Commission};
use crate::generate::print;
use crate::generate::sampling::SamplingArgs;
use crate::output::sayln;
use crate::run::INTERRUPTED;
use crate::serve::chat::Chat;
use conversation::{Conversation, Role};
use keyboard::{Keyboard, Typed};

/// What `--help` says first.
pub const LONG_ABOUT: &str = "Talks with a model in the terminal. Turns become one text by the chat template of the model's folder \
(chat_template.jinja, or tokenizer_config.json), as `textmill finetune --task instruct` writes it; without one by \
\"User: …\" and \"Assistant: …\" in paragraphs. A model that was never fine-tuned on chats will ramble.\n\n\
When the conversation outgrows the context, its oldest turns are forgotten, and that is said. Ctrl-C ends an \
answer; at the prompt it ends the program. Lines from a pipe are turns, one each.";

/// Whom to talk to.
#[derive(Args, Clone, Debug)]
#[command(after_help = "In the conversation:\n  \
/reset          forget what was said\n  \
/system TEXT    another instruction for the model\n  \
/save FILE      write the conversation as JSON lines, as finetune reads it\n  \
/help, /exit\n\n\
Examples:\n  \
textmill chat --model runs/helper\n  \
textmill chat --model llama/ --system \"Answer in Chinese.\" --temperature 0.7")]
pub struct ChatArgs {
    /// The model: a checkpoint's folder, a run's (its best checkpoint), or a GPT-2 or Llama of Hugging
    /// Face with tokenizer.json.
    #[arg(long, value_name = "DIR", value_parser = crate::model_folder::model_folder)]
    model: PathBuf,
    /// What the model is told before the first turn.
    #[arg(long, value_name = "TEXT")]
    system: Option<String>,
    #[command(flatten)]
    sampling: SamplingArgs,
}

const HELP: &str = "/reset forgets what was said, /system TEXT instructs the model, /save FILE writes the \
conversation, /exit ends it. Ctrl-C ends an answer.";

/// Whether an answer is being written, and whether it is to end.
static ANSWERING: AtomicBool = AtomicBool::new(false);
static ENOUGH: AtomicBool = AtomicBool::new(false);

/// Talks until the input ends.
pub fn chat(args: &ChatArgs) -> Result<()> {
    let mut speaker = Speaker::open(args)?;
    let mut talk = Conversation::new(args.system.clone());
    let mut keyboard = Keyboard::open()?;
    listen()?;
    if keyboard.is_terminal() {
        let template = match speaker.chat.source() {
            Some(_) => "its own chat template",
            None => "no chat template: \"User: …\", \"Assistant: …\"",
        };
        eprintln!("{} ({template}). {HELP}", args.model.display());
    }
    while let Typed::Line(line) = keyboard.read()? {
        let line = line.trim();
        match line.split_once(' ').unwrap_or((line, "")) {
            ("", _) => {}
            ("/exit" | "/quit", _) => break,
            ("/help", _) => sayln!("{HELP}"),
            ("/reset", _) => talk.reset(),
            ("/system", text) => talk.instruct(text.trim()),
            ("/save", file) => match talk.save(file.trim()) {
                Ok(()) => sayln!("Written."),
                Err(error) => eprintln!("{error:#}"),
            },
            (command, _) if command.starts_with('/') => {
                eprintln!("{} is no command. {HELP}", escape(command));
            }
            _ => speaker.answer(&mut talk, line)?,
        }
    }
    Ok(())
}

/// From now on Ctrl-C ends the answer that is being written, or the program.
fn listen() -> Result<()> {
    ctrlc::set_handler(|| {
        if !ANSWERING.load(Ordering::SeqCst) || ENOUGH.swap(true, Ordering::SeqCst) {
            std::process::exit(INTERRUPTED.into());
        }
    })
    .context("cannot listen for Ctrl-C")
}

/// A model in a conversation.
struct Speaker {
    author: Author,
    chat: Chat,
    sampling: textmill_model::Sampling,
    stops: Vec<String>,
    turns: u64,
}

impl Speaker {
    fn open(args: &ChatArgs) -> Result<Self> {
        let author = Author::open(&args.model)?;
        let chat = Chat::load(&args.model)?;
        let mut sampling = args.sampling.sampling(&args.model)?;
        sampling.stop = author.vocabulary.special_ids().to_vec(); // they mark turns
        sampling.stop.extend(author.gpt.config().eot_id);
        let own = chat.stops().iter().map(|&stop| stop.to_owned());
        Ok(Self {
            stops: own.chain(args.sampling.stops.iter().cloned()).collect(),
            author,
            chat,
            sampling,
            turns: 0,
        })
    }

    fn answer(&mut self, talk: &mut Conversation, line: &str) -> Result<()> {
        talk.add(Role::User, line);
        let prompt = self.prompt(talk)?;
        let commission = Commission {
            prompt: &prompt,
            sampling: &self.sampling,
            index: self.turns,
            stops: &self.stops,
        };
        self.turns += 1;
        ENOUGH.store(false, Ordering::SeqCst);
        ANSWERING.store(true, Ordering::SeqCst);
        // Templates end where the answer begins, at times before a space.
        let mut begun = false;
        let stopped = || ENOUGH.load(Ordering::SeqCst);
        let written = self.author.write(commission, &stopped, &mut |part| {
            let part = if begun { part } else { part.trim_start() };
            begun |= !part.is_empty();
            print(part);
        });
        ANSWERING.store(false, Ordering::SeqCst);
        sayln!();
        talk.add(Role::Assistant, written?.text.trim());
        Ok(())
    }

    /// The conversation as ids, without its oldest turns where it is too long: half of the
    /// context, or what the answer needs if that is less, stays free for the answer.
    fn prompt(&self, talk: &mut Conversation) -> Result<Vec<u32>> {
        let context = self.author.gpt.config().context as usize;
        let room = context - self.sampling.max_new_tokens.min(context / 2);
        let mut forgotten = 0;
        loop {
            let ids = self.chat.encode(talk.messages(), &self.author.vocabulary)?;
            if ids.len() <= room || !talk.forget() {
                if forgotten > 0 {
                    eprintln!(
                        "(The context of {context} tokens is full: {forgotten} of the oldest turns are forgotten.)"
                    );
                }
                if ids.len() > context {
                    eprintln!(
                        "(The turn has more tokens than the context of {context}: only its end is read.)"
                    );
                }
                return Ok(ids);
            }
            forgotten += 1;
        }
    }
}
