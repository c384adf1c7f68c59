use std::path::{Path, PathBuf};

/// Where the steps leave what the next ones read. Names follow from step and rank alone.
#[derive(Clone, Debug)]
pub(crate) struct Paths {
    work: PathBuf,
}

/// What a file holds; the name of its folder. Where two numbers are named, the file is one of the
/// shuffle, written by a task of the first and read by tasks of the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Hashes, length and rank of a shard's documents.
    Facts,
    /// Ids of a shard's documents.
    Ids,
    /// Signatures of a shard's documents.
    Signatures,
    /// Hashes of addresses: shard → range of hashes.
    Urls,
    /// Documents of a shard with the address of a better one there.
    UrlsWithin,
    /// Hashes of normal forms: shard → range of hashes.
    Texts,
    /// Documents of a shard with the text of a better one there.
    TextsWithin,
    /// Band keys: shard → range of keys.
    Keys,
    /// Pairs of candidates: range of keys → range of rows.
    Pairs,
    /// Pairs of candidates within a shard: shard → range of rows.
    ShardPairs,
    /// Rows of a shard whose shingle sets are asked for because of these.
    ShardCandidates,
    /// Rows whose shingle sets are asked for: range → shard.
    Candidates,
    /// Shingle sets of a shard's candidates.
    Sets,
    /// Where each of these sets starts.
    SetStarts,
    /// Verified pairs of a range of rows: a forest.
    Edges,
    /// Connected components: all → range of roots.
    Components,
    /// Decisions of the level "url": range of hashes → shard.
    UrlDecisions,
    /// Decisions of the level "exact": range of hashes → shard.
    TextDecisions,
    /// Decisions of the level "near": range of roots → shard.
    NearDecisions,
    /// Decisions of each of the three levels about a shard's documents, sorted.
    UrlLinks,
    TextLinks,
    NearLinks,
    /// What becomes of a shard's documents.
    Fates,
    /// Survivors and their members: shard of the member → group of the survivor's shard.
    Members,
    /// The same: group → shard of the survivor.
    GroupMembers,
    /// Lines or paragraphs: shard → range of hashes.
    Lines,
    /// Lines or paragraphs to remove: range of hashes → shard.
    LineRemovals,
    /// Chosen places of texts: shard → range of hashes.
    Anchors,
    /// Those that stand in more than one place: range of hashes → shard.
    RepeatedAnchors,
    /// Windows of words: shard → range of hashes.
    Windows,
    /// Windows to remove: range of hashes → shard.
    WindowRemovals,
    /// What a sort in progress leaves on disk.
    Scratch,
}

impl Kind {
    fn folder(self) -> &'static str {
        match self {
            Self::Facts => "facts",
            Self::Ids => "ids",
            Self::Signatures => "signatures",
            Self::Urls => "urls",
            Self::UrlsWithin => "urls-within",
            Self::Texts => "texts",
            Self::TextsWithin => "texts-within",
            Self::Keys => "keys",
            Self::Pairs => "pairs",
            Self::ShardPairs => "shard-pairs",
            Self::ShardCandidates => "shard-candidates",
            Self::Candidates => "candidates",
            Self::Sets => "sets",
            Self::SetStarts => "set-starts",
            Self::Edges => "edges",
            Self::Components => "components",
            Self::UrlDecisions => "url-decisions",
            Self::TextDecisions => "text-decisions",
            Self::NearDecisions => "near-decisions",
            Self::UrlLinks => "url-links",
            Self::TextLinks => "text-links",
            Self::NearLinks => "near-links",
            Self::Fates => "fates",
            Self::Members => "members",
            Self::GroupMembers => "group-members",
            Self::Lines => "lines",
            Self::LineRemovals => "line-removals",
            Self::Anchors => "anchors",
            Self::RepeatedAnchors => "repeated-anchors",
            Self::Windows => "windows",
            Self::WindowRemovals => "window-removals",
            Self::Scratch => "scratch",
        }
    }
}

impl Paths {
    pub fn new(work: &Path) -> Self {
        Self {
            work: work.to_path_buf(),
        }
    }

    /// The file of a task.
    pub fn file(&self, kind: Kind, rank: usize) -> PathBuf {
        self.folder(kind).join(format!("{rank:05}.bin"))
    }

    /// The files of all tasks.
    pub fn files(&self, kind: Kind, tasks: usize) -> Vec<PathBuf> {
        (0..tasks).map(|rank| self.file(kind, rank)).collect()
    }

    pub fn folder(&self, kind: Kind) -> PathBuf {
        self.work.join(kind.folder())
    }

    pub fn scratch(&self) -> PathBuf {
        textmill_storage::scratch(&self.folder(Kind::Scratch))
    }
}
