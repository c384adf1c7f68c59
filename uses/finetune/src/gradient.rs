//! A gradient by all that is trained.

use tch::{Kind, Tensor, no_grad};
use textmill_train::gradient_norm;

use crate::Error;
use crate::lesson::Lesson;
use crate::lora::Lora;

/// A gradient by all that is trained: one vector in two pieces.
#[derive(Debug)]
pub(crate) struct Gradient {
    /// By the body's flat parameters, or by those of its adapters.
    pub body: Tensor,
    /// By the head, `[outputs, width]`.
    pub head: Option<Tensor>,
}

impl Gradient {
    /// Of a lesson.
    pub fn of(lesson: Lesson, lora: Option<&Lora>) -> Result<Self, Error> {
        let body = match lora {
            Some(lora) => lora.gradient(&lesson.body)?,
            None => lesson.body,
        };
        let head = lesson.head;
        Ok(Self { body, head })
    }

    /// 0 by these parameters, fp32.
    pub fn zeros(body: &Tensor, head: Option<&Tensor>) -> Result<Self, Error> {
        let zeros = |like: &Tensor| like.f_new_zeros(like.size(), (Kind::Float, like.device()));
        Ok(Self {
            body: zeros(body)?,
            head: head.map(zeros).transpose()?,
        })
    }

    /// Norm of the whole vector, a scalar on the device.
    pub fn norm(&self) -> Result<Tensor, Error> {
        let norm = gradient_norm(&self.body)?;
        match &self.head {
            Some(head) => Ok(Tensor::f_stack(&[norm, head.f_norm()?], 0)?.f_norm()?),
            None => Ok(norm),
        }
    }

    /// Adds another one.
    pub fn add(&mut self, other: &Self) -> Result<(), Error> {
        for (own, other) in self.pieces().zip(other.pieces()) {
            let _ = no_grad(|| own.shallow_clone().f_add_(other))?;
        }
        Ok(())
    }

    /// Multiplies all of it.
    pub fn scale(&mut self, factor: f64) -> Result<(), Error> {
        for piece in self.pieces() {
            let _ = no_grad(|| piece.shallow_clone().f_mul_scalar_(factor))?;
        }
        Ok(())
    }

    /// Both pieces.
    pub fn pieces(&self) -> impl Iterator<Item = &Tensor> {
        std::iter::once(&self.body).chain(&self.head)
    }
}
