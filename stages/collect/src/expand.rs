//! `~` and variables in configured paths.

/// Fills in a leading `~` (also of a default), and `${VAR}` and `${VAR:-default}` anywhere. The error names the mend.
pub(crate) fn expand(
    path: &str,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<String, String> {
    let mut out = String::with_capacity(path.len());
    let mut rest = home(path, &variable, &mut out)?;
    while let Some((before, after)) = rest.split_once("${") {
        out += before;
        let (inside, tail) = after
            .split_once('}')
            .ok_or_else(|| format!("`${{` without `}}` in path `{path}`"))?;
        let (name, default) = match inside.split_once(":-") {
            Some((name, default)) => (name, Some(default)),
            None => (inside, None),
        };
        // As in a shell, `:-` also stands in for a variable that is set but empty.
        match (variable(name), default) {
            (Some(value), None) => out += &value,
            (Some(value), Some(_)) if !value.is_empty() => out += &value,
            (_, Some(default)) => {
                let rest = home(default, &variable, &mut out)?;
                out += rest;
            }
            (None, None) => {
                return Err(format!(
                    "path `{path}` uses ${{{name}}}, which is not set; set it (`export {name}=…`) or write `${{{name}:-default}}`"
                ));
            }
        }
        rest = tail;
    }
    Ok(out + rest)
}

/// Writes the home folder for a leading `~`; returns what follows it.
fn home<'a>(
    path: &'a str,
    variable: impl Fn(&str) -> Option<String>,
    out: &mut String,
) -> Result<&'a str, String> {
    match path.strip_prefix('~') {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => {
            *out += &variable("HOME").ok_or("`~` needs the environment variable HOME; set it")?;
            Ok(rest)
        }
        _ => Ok(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(path: &str) -> Result<String, String> {
        expand(path, |name| match name {
            "HOME" => Some("/home/me".into()),
            "DATA" => Some("/data".into()),
            "EMPTY" => Some(String::new()),
            _ => None,
        })
    }

    #[test]
    fn fills_in() {
        for (path, expected) in [
            ("~/a", "/home/me/a"),
            ("~", "/home/me"),
            ("a/~", "a/~"),
            ("~other/a", "~other/a"),
            ("${DATA}/x/${NONE:-y}", "/data/x/y"),
            ("${EMPTY:-z}${EMPTY}", "z"),
            ("${NONE:-~/y}/z", "/home/me/y/z"),
            ("cost$/a", "cost$/a"),
        ] {
            assert_eq!(of(path).as_deref(), Ok(expected), "{path}");
        }
    }

    #[test]
    fn errors_name_the_mend() {
        assert!(of("${NONE}/a").unwrap_err().contains("export NONE="));
        assert!(of("${DATA/a").unwrap_err().contains("without"));
    }
}
