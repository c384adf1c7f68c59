//! What a hostile page can cost: memory below 12 times the page and 8 MiB, and time that grows no
//! faster than the page.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod pages;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::time::{Duration, Instant};

use pages::{HOSTILE, Make, news};
use textmill_extract::{Config, Extracted, Extractor, Format};

thread_local! {
    /// Bytes that this thread holds, and the most that it has held since it was last asked.
    static LIVE: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

/// The system's allocator, with the bytes of each thread counted.
struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn count(bytes: isize) {
    // A thread that ends gives memory back after its counters are gone.
    let _ = LIVE.try_with(|live| {
        live.set(live.get() + bytes);
        let _ = PEAK.try_with(|peak| peak.set(peak.get().max(live.get())));
    });
}

// SAFETY: every call goes to the system's allocator as it comes.
#[allow(unsafe_code, reason = "an allocator cannot be written without")]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // Where a block is moved, both are held for a moment; the system moves large ones by
        // their pages, without a copy.
        count(size as isize - layout.size() as isize);
        unsafe { System.realloc(block, layout, size) }
    }
}

const MB: usize = 1_000_000;

/// Extracts a page; returns what came out, the most memory held meanwhile (the page once, too)
/// and the time.
fn measured(extractor: &Extractor, html: &str) -> (Extracted, usize, Duration) {
    let before = LIVE.get();
    PEAK.set(before);
    let start = Instant::now();
    let extracted = extractor.extract(html, Some("https://www.example.org/news/1"));
    let time = start.elapsed();
    let peak = html.len() as isize + PEAK.get() - before;
    (extracted, peak as usize, time)
}

fn extractor(format: Format) -> Extractor {
    Extractor::new(&Config {
        format,
        include_comments: format == Format::Markdown,
        include_images: format == Format::Markdown,
        ..Config::default()
    })
    .unwrap()
}

/// Fails if a page costs more memory than it may.
fn check_memory(format: Format, pages: &[(&str, Make)], size: usize) {
    let extractor = extractor(format);
    // What is loaded once is no page's cost.
    let _ = extractor.extract(&news(1000), None);
    for (name, make) in pages {
        let html = make(size);
        let (_, peak, _) = measured(&extractor, &html);
        let most = 12 * html.len() + (8 << 20);
        assert!(peak < most, "{name}: {peak} bytes for {}", html.len());
    }
}

#[test]
fn memory_for_text() {
    check_memory(Format::Text, HOSTILE, MB);
}

#[test]
fn memory_for_markdown() {
    check_memory(Format::Markdown, HOSTILE, MB);
}

#[test]
fn memory_for_long_pages() {
    let long = [
        "news",
        "b siblings",
        "p siblings",
        "li siblings",
        "cells",
        "long attribute",
        "attributes in one tag",
        "attributes in many tags",
        "entities",
        "numeric entities",
        "open comments",
        "open end tags",
        "lines of pre",
    ];
    let is_long = |page: &&(&str, Make)| long.contains(&page.0);
    let pages: Vec<(&str, Make)> = HOSTILE.iter().filter(is_long).copied().collect();
    check_memory(Format::Text, &pages, 8 * MB);
}

/// Twice the page takes less than four times as long. Clocks are noisy, so the best of several
/// runs counts, and a few milliseconds do not.
#[test]
fn time_is_linear() {
    let extractor = extractor(Format::Markdown);
    let _ = extractor.extract(&news(1000), None);
    for (name, make) in HOSTILE {
        let (small, large) = (make(150_000), make(300_000));
        let (mut once, mut twice) = (Duration::MAX, Duration::MAX);
        let linear = (0..10).any(|_| {
            once = once.min(measured(&extractor, &small).2);
            twice = twice.min(measured(&extractor, &large).2);
            twice < 4 * once + Duration::from_millis(5)
        });
        assert!(linear, "{name}: {once:?}, twice as long {twice:?}");
    }
}

/// A table for people: `SIZE=4000000 cargo test --release -p textmill-extract --test limits --
/// --ignored --nocapture`; memory is that beyond 8 MiB.
#[test]
#[ignore = "prints what pages cost"]
fn table() {
    let size = std::env::var("SIZE").map_or(MB, |size| size.parse().unwrap());
    for (name, make) in HOSTILE {
        print!("{name:32}");
        for format in [Format::Text, Format::Markdown] {
            let extractor = extractor(format);
            let html = make(size);
            let (_, peak, time) = measured(&extractor, &html);
            let over = peak.saturating_sub(8 << 20) as f64 / html.len() as f64;
            let ms = time.as_secs_f64() * 1e9 / html.len() as f64;
            print!(" | {over:6.1}x {ms:7.1} ms/MB");
        }
        println!();
    }
}
