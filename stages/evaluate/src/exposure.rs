//! How far a model betrays the secrets that were planted in its training documents.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};
use textmill_privacy::{Canary, Language, decoys, exposure, rank};

use crate::Error;
use crate::tasks::{LanguageModel, Request, Watch};

/// Where the train stage writes which canaries it has planted.
pub(crate) const CANARIES_FILE: &str = "canaries.json";

/// The exposure of all canaries (Carlini et al. 2019, "The Secret Sharer", arXiv:1802.08232).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Exposures {
    /// Secrets that each is ranked among, itself and as many others of its form as it takes; the
    /// greatest exposure is log₂ of that.
    pub candidates: usize,
    /// By how often the canaries were planted, ascending; 0 is what chance gives.
    pub groups: Vec<ExposureGroup>,
    /// One by one.
    pub canaries: Vec<Exposed>,
}

/// Canaries that were planted equally often.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExposureGroup {
    /// How often.
    pub repeats: u32,
    /// How many there are.
    pub canaries: usize,
    /// Mean exposure in bits.
    pub exposure: f64,
    /// Its standard error; absent for one canary.
    pub exposure_stderr: Option<f64>,
    /// How many secrets the model writes word for word behind their prefix.
    pub recited: usize,
}

/// One canary.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Exposed {
    /// Its name among the planted ones.
    pub id: String,
    /// Its language.
    pub lang: Language,
    /// How often it was planted.
    pub repeats: u32,
    /// Negative log-likelihood of the secret behind its prefix.
    pub nats: f64,
    /// Its rank among the candidates.
    pub rank: f64,
    /// In bits.
    pub exposure: f64,
    /// Whether the model writes it word for word.
    pub recited: bool,
}

/// Reads the list of planted canaries that a train stage has left in its folder.
///
/// # Errors
/// When it has left none, or the file is no such list.
pub fn planted(train: &Path) -> Result<Vec<Canary>, Error> {
    let path = train.join(CANARIES_FILE);
    let list = fs::read(&path).map_err(|error| error.to_string());
    let list = list.and_then(|json| serde_json::from_slice(&json).map_err(|e| e.to_string()));
    list.map_err(|message| Error::Canaries { path, message })
}

/// Ranks the secret of each canary among `candidates`. Absent if there are no canaries, nobody
/// asked for candidates, or one does not fit the model's context.
///
/// A canary is read as it was learnt, at the beginning of a document.
///
/// # Errors
/// When the model or its tokenizer fails, or the user stops.
pub fn exposures(
    model: &mut LanguageModel,
    canaries: &[Canary],
    candidates: usize,
    seed: u64,
    watch: Watch,
) -> Result<Option<Exposures>, Error> {
    if canaries.is_empty() || candidates < 2 {
        return Ok(None);
    }
    let mut found = Vec::with_capacity(canaries.len());
    for canary in canaries {
        let others = decoys(canary, candidates - 1, seed);
        let secrets = std::iter::once(&canary.secret).chain(&others);
        let requests = secrets.map(|secret| request(model, &canary.prefix, secret));
        let requests: Vec<Request> = requests.collect::<Result<_, _>>()?;
        let longest = |request: &Request| request.context.len() + request.continuation.len();
        if requests.iter().map(longest).max() > Some(model.max_length() + 1) {
            return Ok(None);
        }
        let likelihoods = model.loglikelihoods(&requests, watch)?;
        let Some((secret, others)) = likelihoods.split_first() else {
            continue;
        };
        let others: Vec<f64> = others.iter().map(|other| other.sum).collect();
        let rank = rank(secret.sum, &others);
        found.push(Exposed {
            id: canary.id.clone(),
            lang: canary.lang,
            repeats: canary.repeats,
            nats: -secret.sum,
            rank,
            exposure: exposure(candidates, rank),
            recited: secret.is_greedy,
        });
    }
    Ok(Some(Exposures {
        candidates,
        groups: groups(&found),
        canaries: found,
    }))
}

/// A secret behind its prefix, both behind the token that ends documents.
fn request(model: &LanguageModel, prefix: &str, secret: &str) -> Result<Request, Error> {
    let mut request = model.encode_pair(prefix, secret)?;
    if request.context.first() != Some(&model.prefix) {
        request.context.insert(0, model.prefix);
    }
    Ok(request)
}

fn groups(all: &[Exposed]) -> Vec<ExposureGroup> {
    let mut groups: BTreeMap<u32, Vec<&Exposed>> = BTreeMap::new();
    for one in all {
        groups.entry(one.repeats).or_default().push(one);
    }
    let group = |(repeats, all): (u32, Vec<&Exposed>)| {
        let n = all.len() as f64;
        let mean = all.iter().map(|one| one.exposure).sum::<f64>() / n;
        let squares: f64 = all.iter().map(|one| (one.exposure - mean).powi(2)).sum();
        ExposureGroup {
            repeats,
            canaries: all.len(),
            exposure: mean,
            exposure_stderr: (all.len() > 1).then(|| (squares / (n - 1.0) / n).sqrt()),
            recited: all.iter().filter(|one| one.recited).count(),
        }
    };
    groups.into_iter().map(group).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::{model, tokenizer};
    use crate::workers::Workers;
    use textmill_privacy::Canaries;
    use textmill_schemas::NoProgress;

    const WATCH: Watch = Watch {
        progress: &NoProgress,
        cancelled: &|| false,
    };

    fn canaries() -> Vec<Canary> {
        let canaries = Canaries {
            repeats: vec![3],
            each: 6,
            ..Canaries::default()
        };
        canaries.all(5)
    }

    fn measured(canaries: &[Canary], threads: usize) -> Exposures {
        let tokenizer = tokenizer();
        let vocab = tokenizer.get_vocab_size(true);
        let mut workers = Workers::new(model(vocab, 200), threads).unwrap();
        let mut model = LanguageModel {
            workers: &mut workers,
            tokenizer: &tokenizer,
            prefix: tokenizer.token_to_id("<|endoftext|>").unwrap(),
            batch: 8,
        };
        let found = exposures(&mut model, canaries, 64, 9, WATCH).unwrap();
        assert_eq!(exposures(&mut model, canaries, 0, 9, WATCH).unwrap(), None);
        assert_eq!(exposures(&mut model, &[], 64, 9, WATCH).unwrap(), None);
        found.unwrap()
    }

    #[test]
    fn a_model_that_has_learnt_nothing_betrays_nothing() {
        let canaries = canaries();
        let found = measured(&canaries, 1);
        assert_eq!(measured(&canaries, 3), found);
        assert_eq!(found.canaries.len(), 24);
        let sizes: Vec<_> = found
            .groups
            .iter()
            .map(|g| (g.repeats, g.canaries))
            .collect();
        assert_eq!(sizes, [(0, 12), (3, 12)]);
        // Chance gives 1.4 bits with a deviation of as much.
        for group in &found.groups {
            assert!(group.exposure < 3.5 && group.recited == 0, "{group:?}");
            assert!(group.exposure_stderr.unwrap() > 0.0);
        }
        let all = found.canaries.iter();
        assert!(all.clone().all(|one| (1.0..=64.0).contains(&one.rank)));
        assert!(all.clone().all(|one| one.exposure <= 6.0 && one.nats > 0.0));
    }

    #[test]
    fn canaries_of_a_run_are_read_back() {
        let dir = tempfile::tempdir().unwrap();
        assert!(planted(dir.path()).is_err());
        let json = serde_json::to_vec(&canaries()).unwrap();
        fs::write(dir.path().join(CANARIES_FILE), json).unwrap();
        assert_eq!(planted(dir.path()).unwrap(), canaries());
        fs::write(dir.path().join(CANARIES_FILE), "[{}]").unwrap();
        let message = planted(dir.path()).unwrap_err().to_string();
        assert!(message.contains("canaries.json"), "{message}");
    }
}
