//! The title, without the name of the site.

/// Between a page's title and the site's name.
const SEPARATORS: [&str; 11] = [
    " | ", " - ", " – ", " — ", " :: ", " · ", " » ", " / ", "_", "－", "|",
];

/// Chooses among the declared title (og:title, headline), `<title>` and the first heading.
pub(crate) fn choose(
    declared: Option<String>,
    title: Option<String>,
    heading: Option<String>,
    site: Option<&str>,
    host: Option<&str>,
) -> Option<String> {
    let full = match declared.or(title) {
        Some(full) => full,
        None => return heading,
    };
    // A part of the title that the page also shows as its heading is the title.
    if let Some(heading) = heading
        && heading.chars().count() >= 4
        && full.len() > heading.len()
        && full.starts_with(&heading)
        && SEPARATORS
            .iter()
            .any(|s| full[heading.len()..].trim_start().starts_with(s.trim()))
    {
        return Some(heading);
    }
    Some(cut_site(&full, site, host).to_owned())
}

/// Cuts the site's name off either end.
fn cut_site<'a>(full: &'a str, site: Option<&str>, host: Option<&str>) -> &'a str {
    let mut title = full;
    for separator in SEPARATORS {
        if let Some((head, tail)) = title.rsplit_once(separator)
            && is_site(tail, site, host)
            && !head.trim().is_empty()
        {
            title = head;
        }
        if let Some((head, tail)) = title.split_once(separator)
            && is_site(head, site, host)
            && !tail.trim().is_empty()
        {
            title = tail;
        }
    }
    title.trim().trim_matches(['|', '-', '–', '—', '_']).trim()
}

/// Whether a part of the title names the site: by its declared name, or by its host's letters.
fn is_site(part: &str, site: Option<&str>, host: Option<&str>) -> bool {
    let letters = |text: &str| -> String {
        text.chars()
            .filter(|c| c.is_alphanumeric())
            .flat_map(char::to_lowercase)
            .collect()
    };
    let part = letters(part);
    if part.is_empty() {
        return false;
    }
    let named = site.map(letters).is_some_and(|site| site == part);
    let hosted = host.is_some_and(|host| {
        let mut labels = host.split('.');
        letters(host) == part || (part.len() >= 3 && labels.any(|label| letters(label) == part))
    });
    named || hosted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn title(full: &str, heading: Option<&str>, site: Option<&str>) -> String {
        let heading = heading.map(str::to_owned);
        choose(
            None,
            Some(full.to_owned()),
            heading,
            site,
            Some("harbourpost.com"),
        )
        .unwrap()
    }

    #[test]
    fn the_site_is_cut_off() {
        assert_eq!(title("New bridge | Harbour Post", None, None), "New bridge");
        assert_eq!(
            title("Harbour Post - New bridge - part 2", None, None),
            "New bridge - part 2"
        );
        assert_eq!(title("新桥通车_示例网", None, Some("示例网")), "新桥通车");
        assert_eq!(
            title("New bridge - Region - Other", Some("New bridge"), None),
            "New bridge"
        );
    }

    #[test]
    fn a_dash_of_its_own_stays() {
        assert_eq!(
            title("Bread - a short history", None, None),
            "Bread - a short history"
        );
        assert_eq!(
            title("Harbour Post", None, Some("Harbour Post")),
            "Harbour Post"
        );
    }
}
