//! Fetches pages politely, and writes what came as WARC.
