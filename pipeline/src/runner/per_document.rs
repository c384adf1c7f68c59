//! Runs a document stage as a list of tasks: output shard i depends on input shard i alone.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use textmill_schemas::{
    CorpusStage, DocumentStage, Dropped, Origin, Reason, Row, ShardReader, ShardWriter, Signals,
    StageResult, TaskContext, TaskReport, Verdict, shard_name,
};

/// A document stage with its place in the pipeline.
pub struct PerDocument<S> {
    name: &'static str,
    upstream: &'static str,
    stage: S,
}

impl<S: DocumentStage> PerDocument<S> {
    /// A stage that reads the kept shards of `upstream`.
    pub fn new(name: &'static str, upstream: &'static str, stage: S) -> Self {
        Self {
            name,
            upstream,
            stage,
        }
    }
}

/// Decides about one document. A panic ends the document, not the run: it is a drop like any
/// other, under the rule `STAGE.panic`.
pub fn decide<S: DocumentStage>(
    name: &str,
    stage: &S,
    input: S::Input,
) -> (Origin, Verdict<S::Output>) {
    let origin = input.origin();
    let decide = || (stage.process(input), None);
    (origin, caught(name, decide).0)
}

/// Decides likewise and measures the document. There are signals of a document that ended in a
/// panic as well, but for the scores.
fn measure<S: DocumentStage>(
    name: &str,
    stage: &S,
    input: S::Input,
) -> (Origin, Verdict<S::Output>, Option<Signals>) {
    let origin = input.origin();
    let (verdict, signals) = caught(name, || stage.measure(input));
    let signals = signals.or_else(|| match &verdict {
        Verdict::Drop(reason) if stage.has_signals() => Some(Signals {
            id: origin.id.clone(),
            source: origin.source.clone(),
            dropped_by: Some(reason.rule.clone()),
            ..Signals::default()
        }),
        _ => None,
    });
    (origin, verdict, signals)
}

fn caught<T>(
    name: &str,
    decide: impl FnOnce() -> (Verdict<T>, Option<Signals>),
) -> (Verdict<T>, Option<Signals>) {
    catch_unwind(AssertUnwindSafe(decide)).unwrap_or_else(|panic| {
        let reason = Reason::new(format!("{name}.panic")).detail(panic_message(&*panic));
        (Verdict::Drop(reason), None)
    })
}

fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("no message").to_owned()
}

impl<S: DocumentStage> CorpusStage for PerDocument<S> {
    fn steps(&self) -> Vec<&'static str> {
        vec!["documents"]
    }

    fn world(&self, _step: &str, ctx: &TaskContext) -> StageResult<usize> {
        let input = ctx.input(self.upstream)?;
        ctx.progress.add_total(input.manifest.kept_rows);
        Ok(input.manifest.kept.len())
    }

    fn external_inputs(&self) -> StageResult<String> {
        self.stage.files_hash()
    }

    fn task(&self, _step: &str, rank: usize, ctx: &TaskContext) -> StageResult<TaskReport> {
        let input = ctx.input(self.upstream)?;
        let (path, _) = input
            .shards()
            .nth(rank)
            .ok_or_else(|| format!("{} has no shard {rank}", self.upstream))?;
        let shard = shard_name(rank);
        let mut kept = ShardWriter::<S::Output>::create(ctx.out, &shard)?;
        let mut dropped = ShardWriter::<Dropped>::create(ctx.out, &format!("dropped/{shard}"))?;
        let mut signals = match self.stage.has_signals() {
            true => Some(ShardWriter::create(ctx.out, &format!("signals/{shard}"))?),
            false => None,
        };
        let mut report = TaskReport::default();
        for group in ShardReader::<S::Input>::open(&path)? {
            for row in group? {
                report.read += 1;
                let (origin, verdict, measured) = measure(self.name, &self.stage, row);
                match verdict {
                    Verdict::Keep(document) => {
                        report.kept_rows += 1;
                        kept.write(document)?;
                    }
                    Verdict::Drop(reason) => {
                        report.count_drop(&reason.rule);
                        dropped.write(Dropped::new(self.name, origin, reason))?;
                    }
                }
                if let (Some(signals), Some(measured)) = (&mut signals, measured) {
                    signals.write(measured)?;
                }
                ctx.progress.advance(1);
                ctx.check_cancelled()?;
            }
        }
        report.kept.push(kept.finish()?);
        report.dropped.push(dropped.finish()?);
        if let Some(signals) = signals {
            report.signals.push(signals.finish()?);
        }
        Ok(report)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use textmill_schemas::Document;

    /// Keeps, drops or panics, as the text says.
    struct Obedient;

    impl DocumentStage for Obedient {
        type Input = Document;
        type Output = Document;

        fn process(&self, input: Document) -> Verdict<Document> {
            match input.text.as_str() {
                "drop" => Verdict::Drop(Reason::new("test.drop").measured(1.0, 2.0)),
                "panic" => panic!("no such document"),
                _ => Verdict::Keep(input),
            }
        }
    }

    #[test]
    fn a_panic_is_a_drop_with_its_message() {
        let document = Document {
            id: "7".into(),
            text: "panic".into(),
            ..Document::default()
        };
        let (origin, verdict) = decide("test", &Obedient, document);
        assert_eq!(origin.id, "7");
        let expected = Reason::new("test.panic").detail("no such document");
        assert_eq!(verdict, Verdict::Drop(expected));
    }
}
