//! Comma-separated values as RFC 4180 has them.

/// A record and the line where it begins, or where it is broken and how.
pub(super) type Record = (usize, Result<Vec<String>, String>);

/// The records of a text, empty lines left out. A quoted field may hold commas, line ends and
/// doubled quotes.
pub(super) fn records(text: &str) -> Vec<Record> {
    let mut found = Vec::new();
    let mut rest = text;
    let mut line = 1;
    while !rest.is_empty() {
        let begin = line;
        let (record, behind) = record(rest);
        let read = rest.len() - behind.len();
        line += rest.get(..read).unwrap_or_default().matches('\n').count();
        rest = behind;
        let empty = matches!(record.as_deref(), Ok([only]) if only.is_empty());
        if !empty {
            found.push((begin, record));
        }
    }
    found
}

/// The first record of a text, and what stands behind its line.
fn record(text: &str) -> (Result<Vec<String>, String>, &str) {
    let mut fields = Vec::new();
    let mut rest = text;
    loop {
        let field = match rest.strip_prefix('"') {
            Some(quoted) => match unquote(quoted) {
                Some((field, behind)) => {
                    rest = behind;
                    field
                }
                None => return (Err("a quoted field has no end".to_owned()), ""),
            },
            None => {
                let end = rest.find([',', '\n']).unwrap_or(rest.len());
                let (field, behind) = rest.split_at(end);
                rest = behind;
                field.strip_suffix('\r').unwrap_or(field).to_owned()
            }
        };
        fields.push(field);
        if let Some(behind) = rest.strip_prefix(',') {
            rest = behind;
        } else {
            let line_end = ["\r\n", "\n"].iter().find_map(|end| rest.strip_prefix(end));
            return match line_end {
                Some(behind) => (Ok(fields), behind),
                None if rest.is_empty() => (Ok(fields), ""),
                None => {
                    let behind = rest.split_once('\n').map_or("", |(_, behind)| behind);
                    let problem = "something stands behind the end of a quoted field";
                    (Err(problem.to_owned()), behind)
                }
            };
        }
    }
}

/// What stands before the closing quote, and what behind it.
fn unquote(text: &str) -> Option<(String, &str)> {
    let mut field = String::new();
    let mut rest = text;
    loop {
        let (before, behind) = rest.split_once('"')?;
        field.push_str(before);
        match behind.strip_prefix('"') {
            Some(more) => {
                field.push('"');
                rest = more;
            }
            None => return Some((field, behind)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn records_have_their_lines() {
        let text = "a,b\r\n\n\"x, \"\"y\"\"\nz\",\n\"p\"q,r\n1,2";
        let found = records(text);
        let fields = |record: &Record| record.1.clone().unwrap();
        assert_eq!(found[0].0, 1);
        assert_eq!(fields(&found[0]), ["a", "b"]);
        assert_eq!(found[1].0, 3);
        assert_eq!(fields(&found[1]), ["x, \"y\"\nz", ""]);
        assert_eq!(found[2].0, 5);
        assert!(found[2].1.is_err());
        assert_eq!(
            (found[3].0, fields(&found[3])),
            (6, vec!["1".into(), "2".into()])
        );
        assert!(records("a,\"b").last().unwrap().1.is_err());
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            rows in prop::collection::vec(prop::collection::vec("[a,\"\n 磨]{0,6}", 2..4), 0..5),
        ) {
            let quote = |field: &String| format!("\"{}\"", field.replace('"', "\"\""));
            let line = |row: &Vec<String>| row.iter().map(quote).collect::<Vec<_>>().join(",");
            let text: String = rows.iter().map(|row| line(row) + "\r\n").collect();
            let read: Vec<_> = records(&text).into_iter().map(|(_, row)| row.unwrap()).collect();
            prop_assert_eq!(read, rows);
        }

        #[test]
        fn nothing_panics(text in "[a,\"\n\r]{0,40}") {
            let _ = records(&text);
        }
    }
}
