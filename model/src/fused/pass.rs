//! Forward and backward pass of a whole network.

use tch::{Kind, Tensor};

use super::activation;
use super::attention;
use super::cross_entropy::cross_entropy;
use super::heads::{self, Split};
use super::lanes::Element;
use super::norm::{self, NormGradients, NormWeights};
use super::products::{by_input, by_weight, forward};
use super::view::{view, view_mut};
use super::workspace::{Saved, Workspace};
use crate::Error;
use crate::config::{Architecture, ModelConfig};
use crate::dropout::Dropout;
use crate::layers::{Block, Norm};
use crate::network::Network;

/// A network and room for its gradients.
pub(crate) struct Pass<'a> {
    pub config: &'a ModelConfig,
    pub net: &'a Network,
    /// Laid out as the network, fp32, zero.
    pub by: &'a Network,
    pub room: &'a mut Workspace,
}

/// A batch: `[rows]` each, where a row is a token.
#[derive(Clone, Copy)]
pub(crate) struct Targets<'a> {
    pub tokens: &'a [i64],
    pub targets: &'a [i64],
    /// What the loss is multiplied by.
    pub scale: f64,
}

fn norm_weights<E: Element>(norm: &Norm) -> Result<NormWeights<'_, E>, Error> {
    Ok(NormWeights {
        weight: view(&norm.weight)?,
        bias: norm.bias.as_ref().map(view).transpose()?,
        eps: norm.eps as f32,
    })
}

/// Sums of rows, added to the gradient by a bias, where there is one.
fn by_bias<E: Element>(rows: &Tensor, bias: Option<&Tensor>) -> Result<(), Error> {
    if let Some(bias) = bias {
        norm::add_rows(view::<E>(rows)?, view_mut(&mut bias.shallow_clone())?);
    }
    Ok(())
}

impl Pass<'_> {
    /// Computes the loss, times the scale, and adds its gradients.
    pub fn run<E: Element>(&mut self, batch: Targets, dropout: &mut Dropout) -> Result<f64, Error> {
        self.embed::<E>(batch.tokens, dropout)?;
        for index in 0..self.net.blocks.len() {
            self.block_forward::<E>(index, dropout)?;
        }
        let loss = self.head::<E>(batch)?;
        for index in (0..self.net.blocks.len()).rev() {
            self.block_backward::<E>(index)?;
        }
        self.embed_backward::<E>(batch.tokens)?;
        Ok(loss)
    }

    /// The residual stream before a block; behind the last one for the index after it.
    fn stream(&mut self, index: usize) -> &mut Tensor {
        match self.room.blocks.get_mut(index) {
            Some(block) => &mut block.before,
            None => &mut self.room.last,
        }
    }

    fn embed<E: Element>(&mut self, tokens: &[i64], dropout: &mut Dropout) -> Result<(), Error> {
        let width = self.config.width as usize;
        let table = view::<E>(&self.net.embedding)?;
        let positions = self.net.positions.as_ref().map(view::<E>).transpose()?;
        let length = self.room.shape.tokens;
        self.room.mask = dropout.mask(tokens.len() * width);
        let mask = self.room.mask.take();
        let rows = view_mut::<E>(self.stream(0))?.chunks_exact_mut(width);
        for (index, (row, &token)) in rows.zip(tokens).enumerate() {
            let token = token as usize * width;
            row.copy_from_slice(&table[token..token + width]);
            if let Some(positions) = positions {
                let position = index % length * width;
                let position = &positions[position..position + width];
                norm::add(position, row, None, None);
            }
        }
        if let Some(mask) = &mask {
            let stream = view_mut::<E>(self.stream(0))?;
            norm::scale(stream, mask);
        }
        self.room.mask = mask;
        Ok(())
    }

    fn embed_backward<E: Element>(&mut self, tokens: &[i64]) -> Result<(), Error> {
        let (width, length) = (self.config.width as usize, self.room.shape.tokens);
        if let Some(mask) = &self.room.mask {
            norm::scale(view_mut::<E>(&mut self.room.stream)?, mask);
        }
        let stream = view::<E>(&self.room.stream)?;
        let mut table = self.by.embedding.shallow_clone();
        let table = view_mut::<f32>(&mut table)?;
        for (row, &token) in stream.chunks_exact(width).zip(tokens) {
            let token = token as usize * width;
            norm::add_rows(row, &mut table[token..token + width]);
        }
        if let Some(positions) = &self.by.positions {
            let mut positions = positions.f_narrow(0, 0, length as i64)?;
            norm::add_rows(stream, view_mut(&mut positions)?);
        }
        Ok(())
    }

    fn block_forward<E: Element>(
        &mut self,
        index: usize,
        dropout: &mut Dropout,
    ) -> Result<(), Error> {
        let net = &self.net.blocks[index];
        let room = &mut *self.room;
        let (blocks, further) = room.blocks.split_at_mut(index + 1);
        let Some(saved) = blocks.last_mut() else {
            return Ok(());
        };
        let after = further
            .first_mut()
            .map_or(&mut room.last, |next| &mut next.before);

        let norm1 = norm_weights::<E>(&net.norm1)?;
        let (before, normed) = (view::<E>(&saved.before)?, view_mut(&mut room.normed)?);
        norm::forward(before, norm1, normed, &mut saved.stats1);
        forward(&room.normed, &net.qkv.weight, &room.qkv)?;
        let row = saved.mixed.size()[1] as usize * room.shape.tokens;
        let qkv_row = room.qkv.size()[1] as usize * room.shape.tokens;
        let bias = net.qkv.bias.as_ref().map(view::<E>).transpose()?;
        let rows = view_mut::<E>(&mut room.qkv)?.chunks_exact_mut(qkv_row);
        let mixed = view_mut::<E>(&mut saved.mixed)?.chunks_exact_mut(row);
        for ((sequence, rows), mixed) in saved.sequences.iter_mut().zip(rows).zip(mixed) {
            let mut split = Split {
                queries: view_mut(&mut sequence.queries)?,
                keys: view_mut(&mut sequence.keys)?,
                values: view_mut(&mut sequence.values)?,
            };
            heads::split(rows, bias, room.angles.as_ref(), room.shape, &mut split);
            attention::forward::<E>(sequence, room.shape, &mut room.attention)?;
            let outputs = view::<E>(&room.attention.outputs)?;
            heads::merge(outputs, room.shape, mixed);
        }
        forward(&saved.mixed, &net.out.weight, &saved.middle)?;
        let bias = net.out.bias.as_ref().map(view::<E>).transpose()?;
        saved.masks[0] = dropout.mask(saved.middle.numel());
        let middle = view_mut::<E>(&mut saved.middle)?;
        norm::add(
            view(&saved.before)?,
            middle,
            bias,
            saved.masks[0].as_deref(),
        );

        let norm2 = norm_weights::<E>(&net.norm2)?;
        norm::forward(
            middle,
            norm2,
            view_mut(&mut room.normed)?,
            &mut saved.stats2,
        );
        forward(&room.normed, &net.up.weight, &saved.up)?;
        let (up, active) = (view_mut::<E>(&mut saved.up)?, view_mut(&mut room.active)?);
        match (self.config.architecture, &net.up.bias) {
            (Architecture::Gpt2, Some(bias)) => activation::gelu(up, view(bias)?, active),
            _ => activation::swiglu(up, self.config.feed_forward as usize, active),
        }
        forward(&room.active, &net.down.weight, after)?;
        let bias = net.down.bias.as_ref().map(view::<E>).transpose()?;
        saved.masks[1] = dropout.mask(after.numel());
        let mask = saved.masks[1].as_deref();
        norm::add(view(&saved.middle)?, view_mut::<E>(after)?, bias, mask);
        Ok(())
    }

    /// Last norm, output head and loss, forward and backward, in chunks of rows, so that the
    /// logits of all rows never exist at once.
    fn head<E: Element>(&mut self, batch: Targets) -> Result<f64, Error> {
        let room = &mut *self.room;
        let norm = norm_weights::<E>(&self.net.norm)?;
        let (last, normed) = (view::<E>(&room.last)?, view_mut(&mut room.normed)?);
        norm::forward(last, norm, normed, &mut room.last_stats);
        let (vocab, padded) = (self.config.vocab_size as usize, self.net.head.size()[0]);
        let (rows, chunk) = (room.normed.size()[0], room.logits.numel() as i64 / padded);
        let (mut loss, mut first) = (0.0, 0);
        while first < rows {
            let count = chunk.min(rows - first);
            let hidden = room.normed.f_narrow(0, first, count)?;
            let mut logits = room
                .logits
                .f_narrow(0, 0, count * padded)?
                .f_view([count, padded])?;
            forward(&hidden, &self.net.head, &logits)?;
            let targets = &batch.targets[first as usize..(first + count) as usize];
            let (rows, scale) = (view_mut::<E>(&mut logits)?, batch.scale as f32);
            loss += cross_entropy(rows, padded as usize, vocab, targets, scale);
            by_input(
                &logits,
                &self.net.head,
                &room.by_normed.f_narrow(0, first, count)?,
            )?;
            by_weight::<E>(
                &logits,
                &hidden,
                &self.by.head,
                room.product.as_ref(),
                first > 0,
            )?;
            first += count;
        }
        let _ = room.stream.f_zero_()?;
        norm_backward::<E>(
            (&room.last, &room.last_stats),
            (&self.net.norm, &self.by.norm),
            &room.by_normed,
            &mut room.stream,
        )?;
        Ok(loss * batch.scale)
    }

    fn block_backward<E: Element>(&mut self, index: usize) -> Result<(), Error> {
        let (net, by) = (&self.net.blocks[index], &self.by.blocks[index]);
        let gated = self.config.architecture == Architecture::Llama;
        let width = gated.then_some(self.config.feed_forward as usize);
        let room = &mut *self.room;
        let mut blocks = std::mem::take(&mut room.blocks);
        let result = blocks.get_mut(index).map_or(Ok(()), |saved| {
            feed_forward_backward::<E>(net, by, saved, room, width)?;
            attention_backward::<E>(net, by, saved, room)
        });
        room.blocks = blocks;
        result
    }
}

/// The gradient by what a block half adds to the stream.
fn by_branch<'a, E: Element>(
    stream: &'a Tensor,
    masked: &'a mut Tensor,
    mask: Option<&[f32]>,
) -> Result<&'a Tensor, Error> {
    let Some(mask) = mask else {
        return Ok(stream);
    };
    norm::masked(view::<E>(stream)?, mask, view_mut(masked)?);
    Ok(masked)
}

fn feed_forward_backward<E: Element>(
    net: &Block,
    by: &Block,
    saved: &mut Saved,
    room: &mut Workspace,
    gated: Option<usize>,
) -> Result<(), Error> {
    let mask = saved.masks[1].take();
    let branch = by_branch::<E>(&room.stream, &mut room.masked, mask.as_deref())?;
    by_bias::<E>(branch, by.down.bias.as_ref())?;
    by_input(branch, &net.down.weight, &room.by_active)?;
    let up = view::<E>(&saved.up)?;
    let (active, by_up) = match (gated, &mut room.by_up, &by.up.bias) {
        (Some(width), Some(by_up), _) => {
            let (by_active, by_up_rows) = (view_mut(&mut room.by_active)?, view_mut(by_up)?);
            activation::swiglu_backward(up, width, by_active, by_up_rows);
            (&room.by_active, &*by_up)
        }
        (_, _, bias) => {
            let mut bias = bias
                .as_ref()
                .map_or_else(Tensor::new, Tensor::shallow_clone);
            let (by_active, active) = (view_mut(&mut room.by_active)?, view_mut(&mut room.active)?);
            activation::gelu_backward(up, by_active, active, view_mut(&mut bias)?);
            (&room.active, &room.by_active)
        }
    };
    let product = room.product.as_ref();
    by_weight::<E>(branch, active, &by.down.weight, product, false)?;
    let norm2 = norm_weights::<E>(&net.norm2)?;
    norm::again(
        view(&saved.middle)?,
        norm2,
        &saved.stats2,
        view_mut(&mut room.normed)?,
    );
    by_weight::<E>(by_up, &room.normed, &by.up.weight, product, false)?;
    by_input(by_up, &net.up.weight, &room.by_normed)?;
    norm_backward::<E>(
        (&saved.middle, &saved.stats2),
        (&net.norm2, &by.norm2),
        &room.by_normed,
        &mut room.stream,
    )
}

fn attention_backward<E: Element>(
    net: &Block,
    by: &Block,
    saved: &mut Saved,
    room: &mut Workspace,
) -> Result<(), Error> {
    let mask = saved.masks[0].take();
    let branch = by_branch::<E>(&room.stream, &mut room.masked, mask.as_deref())?;
    by_bias::<E>(branch, by.out.bias.as_ref())?;
    by_input(branch, &net.out.weight, &room.by_normed)?;
    by_weight::<E>(
        branch,
        &saved.mixed,
        &by.out.weight,
        room.product.as_ref(),
        false,
    )?;
    let row = saved.mixed.size()[1] as usize * room.shape.tokens;
    let qkv_row = room.qkv.size()[1] as usize * room.shape.tokens;
    let mixed = view::<E>(&saved.mixed)?.chunks_exact(row);
    let by_mixed = view::<E>(&room.by_normed)?.chunks_exact(row);
    let rows = view_mut::<E>(&mut room.qkv)?.chunks_exact_mut(qkv_row);
    let sequences = saved.sequences.iter().zip(mixed.zip(by_mixed)).zip(rows);
    for ((sequence, (mixed, by_mixed)), rows) in sequences {
        let scratch = &mut room.attention;
        let outputs = view_mut::<E>(&mut scratch.outputs)?;
        heads::merge_backward(mixed, by_mixed, room.shape, outputs, &mut scratch.products);
        let by_heads = attention::backward::<E>(sequence, room.shape, scratch)?;
        heads::split_backward(by_heads, room.angles.as_ref(), room.shape, rows);
    }
    by_bias::<E>(&room.qkv, by.qkv.bias.as_ref())?;
    let norm1 = norm_weights::<E>(&net.norm1)?;
    norm::again(
        view(&saved.before)?,
        norm1,
        &saved.stats1,
        view_mut(&mut room.normed)?,
    );
    by_weight::<E>(
        &room.qkv,
        &room.normed,
        &by.qkv.weight,
        room.product.as_ref(),
        false,
    )?;
    by_input(&room.qkv, &net.qkv.weight, &room.by_normed)?;
    norm_backward::<E>(
        (&saved.before, &saved.stats1),
        (&net.norm1, &by.norm1),
        &room.by_normed,
        &mut room.stream,
    )
}

/// Adds to the gradient by the stream what comes through a norm of it.
fn norm_backward<E: Element>(
    (x, stats): (&Tensor, &[norm::RowStats]),
    (net, by): (&Norm, &Norm),
    by_out: &Tensor,
    stream: &mut Tensor,
) -> Result<(), Error> {
    let mut weight = by.weight.shallow_clone();
    let mut bias = by.bias.as_ref().map(Tensor::shallow_clone);
    let mut gradients = NormGradients {
        weight: view_mut(&mut weight)?,
        bias: bias.as_mut().map(view_mut).transpose()?,
    };
    let (x, by_out) = (view::<E>(x)?, view(by_out)?);
    norm::backward(
        x,
        norm_weights(net)?,
        stats,
        by_out,
        view_mut(stream)?,
        &mut gradients,
    );
    debug_assert_eq!(by.weight.kind(), Kind::Float);
    Ok(())
}
