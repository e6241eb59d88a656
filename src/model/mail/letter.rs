//! What a mail says, as plain text and as HTML.

/// One mail's content: where it is about, a heading, sentences, facts, and what to do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Letter {
    /// The address that it is about; the first line of the text, and the link of the heading.
    pub about: String,
    /// The heading.
    pub heading: String,
    /// Sentences, each a paragraph.
    pub paragraphs: Vec<String>,
    /// Facts: a word and its value.
    pub facts: Vec<(String, String)>,
    /// What to do: the words of the link and its address.
    pub action: Option<(String, String)>,
}

impl Letter {
    /// As plain text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut parts = Vec::new();
        if !self.about.is_empty() {
            parts.push(self.about.clone());
        }
        parts.push(self.heading.clone());
        parts.extend(self.paragraphs.iter().cloned());
        if !self.facts.is_empty() {
            let lines: Vec<_> = self
                .facts
                .iter()
                .map(|(word, value)| format!("{word}: {value}"))
                .collect();
            parts.push(lines.join("\n"));
        }
        if let Some((words, url)) = &self.action {
            parts.push(format!("{words}: {url}"));
        }
        parts.join("\n\n") + "\n"
    }

    /// As HTML. Mail programs know little CSS and no files of ours, so the few styles stand in the elements.
    #[must_use]
    pub fn html(&self) -> String {
        let heading = escape(&self.heading);
        let heading = match self.about.as_str() {
            "" => heading,
            url => format!(
                "<a href=\"{}\" style=\"color:#1a4f8b\">{heading}</a>",
                escape(url)
            ),
        };
        let mut out = format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{}</title></head>\n\
             <body style=\"font-family:sans-serif;line-height:1.5;color:#222;max-width:40em\">\n\
             <h1 style=\"font-size:1.2em\">{heading}</h1>\n",
            escape(&self.heading)
        );
        for paragraph in &self.paragraphs {
            out += &format!("<p>{}</p>\n", escape(paragraph).replace('\n', "<br>\n"));
        }
        if !self.facts.is_empty() {
            out += "<table style=\"border-collapse:collapse\">\n";
            for (word, value) in &self.facts {
                out += &format!(
                    "<tr><th scope=\"row\" style=\"text-align:left;padding-right:1em\">{}</th><td>{}</td></tr>\n",
                    escape(word),
                    escape(value)
                );
            }
            out += "</table>\n";
        }
        if let Some((words, url)) = &self.action {
            out += &format!(
                "<p><a href=\"{0}\" style=\"color:#1a4f8b\">{1}</a></p>\n<p style=\"color:#666;font-size:0.9em\">{0}</p>\n",
                escape(url),
                escape(words)
            );
        }
        out + "</body></html>\n"
    }
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_say_the_same_and_html_is_escaped() {
        let letter = Letter {
            about: "https://example.org/_admin/users/3/edit?a=1&b=2".into(),
            heading: "New <user>".into(),
            paragraphs: vec!["One & two\nthree".into()],
            facts: vec![("Name".into(), "\"x\"".into())],
            action: Some(("Open".into(), "https://example.org/".into())),
        };
        assert_eq!(
            letter.text(),
            "https://example.org/_admin/users/3/edit?a=1&b=2\n\nNew <user>\n\nOne & two\nthree\n\nName: \"x\"\n\nOpen: https://example.org/\n"
        );
        let html = letter.html();
        for part in [
            "New &lt;user&gt;",
            "One &amp; two<br>",
            "&quot;x&quot;",
            "edit?a=1&amp;b=2",
            ">Open</a>",
        ] {
            assert!(html.contains(part), "{part}: {html}");
        }
    }
}
