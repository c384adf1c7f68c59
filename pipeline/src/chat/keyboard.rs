//! What the user types: with editing and history on a terminal, line by line from a pipe.

use std::io::{IsTerminal, stdin, stdout};

use anyhow::{Context, Result};
use rustyline::DefaultEditor;
use rustyline::error::ReadlineError;

/// What came.
pub(super) enum Typed {
    Line(String),
    /// The input ended, or the user left.
    End,
}

pub(super) enum Keyboard {
    Terminal(Box<DefaultEditor>),
    Pipe,
}

impl Keyboard {
    pub fn open() -> Result<Self> {
        match stdin().is_terminal() && stdout().is_terminal() {
            true => {
                let editor = DefaultEditor::new().context("cannot read from the terminal")?;
                Ok(Self::Terminal(Box::new(editor)))
            }
            false => Ok(Self::Pipe),
        }
    }

    pub fn is_terminal(&self) -> bool {
        matches!(self, Self::Terminal(_))
    }

    pub fn read(&mut self) -> Result<Typed> {
        match self {
            Self::Terminal(editor) => match editor.readline("> ") {
                Ok(line) => {
                    let _ = editor.add_history_entry(&line); // without history one can talk, too
                    Ok(Typed::Line(line))
                }
                Err(ReadlineError::Eof | ReadlineError::Interrupted) => Ok(Typed::End),
                Err(error) => Err(error).context("cannot read from the terminal"),
            },
            Self::Pipe => {
                let mut line = String::new();
                let read = stdin().read_line(&mut line).context("standard input")?;
                Ok(if read == 0 {
                    Typed::End
                } else {
                    Typed::Line(line)
                })
            }
        }
    }
}
