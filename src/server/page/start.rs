//! The start page: what is here, how each client is pointed at it, how to ask for more.

use super::About;
use super::html::{count, escape, frame, size};
use crate::artifact::percent_encoded as segment;
use std::fmt::Write;

/// The page at `/`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StartPage {
    /// The mirror.
    pub about: About,
    /// The ecosystems that have something, in order.
    pub shelves: Vec<ShelfLine>,
    /// The views, `latest` first.
    pub views: Vec<ViewLine>,
    /// Client configurations.
    pub recipes: Vec<Recipe>,
}

/// One ecosystem of the latest view.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ShelfLine {
    /// Its name.
    pub ecosystem: String,
    /// Distinct artifact names.
    pub names: usize,
    /// Artifacts, every version counted.
    pub artifacts: usize,
    /// Distinct blobs.
    pub blobs: usize,
    /// Their sizes, in bytes.
    pub bytes: u64,
}

/// One view.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ViewLine {
    /// Its name, as in URLs.
    pub name: String,
    /// Identity of its content, as people read it aloud.
    pub id: String,
    /// Ecosystems with their artifact counts.
    pub shelves: Vec<(String, usize)>,
}

/// One client's configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recipe {
    /// The client.
    pub client: String,
    /// The file it belongs in, or `shell`.
    pub place: String,
    /// The text to paste.
    pub text: String,
}

/// Renders the start page.
pub fn start(page: &StartPage) -> String {
    let mut content = format!("<h1>{}</h1>\n", escape(&page.about.name));
    if page.shelves.is_empty() {
        content.push_str("<p>Nothing has been imported yet. What comes with the first bundle appears here by itself.</p>\n");
    } else {
        content.push_str("<p class=\"soft\">Packages, images and files for hosts without a network.</p>\n");
        shelves(&mut content, page);
        recipes(&mut content, page);
        views(&mut content, page);
        content.push_str(&reports(&page.about));
    }
    ask(&mut content, &page.about);
    frame(&page.about, "", &content)
}

fn shelves(out: &mut String, page: &StartPage) {
    let view = page.views.first().map_or("latest", |view| view.name.as_str());
    out.push_str("<h2 id=\"here\">What is here</h2>\n<table>\n<tr><th>Ecosystem<th class=\"n\">Names<th class=\"n\">Versions");
    out.push_str("<th class=\"n\">Files<th class=\"n\">Size</tr>\n");
    for shelf in &page.shelves {
        let _ = writeln!(
            out,
            "<tr><td><a href=\"/browse/{}/{}\">{}</a><td class=\"n\">{}<td class=\"n\">{}<td class=\"n\">{}<td class=\"n\">{}</tr>",
            segment(&shelf.ecosystem),
            segment(view),
            escape(&shelf.ecosystem),
            shelf.names,
            shelf.artifacts,
            shelf.blobs,
            size(shelf.bytes)
        );
    }
    out.push_str("</table>\n");
}

fn recipes(out: &mut String, page: &StartPage) {
    if page.recipes.is_empty() && page.about.authority.is_none() {
        return;
    }
    out.push_str("<h2 id=\"clients\">Point a client at it</h2>\n");
    if let Some(fingerprint) = &page.about.authority {
        let _ = writeln!(
            out,
            "<p>Certificates come from this mirror's own authority: <a href=\"/ca.pem\">ca.pem</a>. Before trusting it, compare its \
             SHA-256 with the one the administrator tells you:<br><code>{}</code></p>",
            escape(fingerprint)
        );
    }
    let mut open = " open";
    for recipes in page.recipes.chunk_by(|a, b| a.client == b.client) {
        let _ = writeln!(out, "<details{open}><summary>{}</summary>", escape(&recipes[0].client));
        for recipe in recipes {
            let _ = writeln!(out, "<h3>{}</h3>\n<pre>{}</pre>", escape(&recipe.place), escape(&recipe.text));
        }
        out.push_str("</details>\n");
        open = "";
    }
}

fn views(out: &mut String, page: &StartPage) {
    out.push_str("<h2 id=\"views\">Views</h2>\n<p class=\"soft\">One per installed bundle, and <code>latest</code> for all of them. ");
    out.push_str(
        "Put a view's name into a URL to stay with what one bundle brought.</p>\n<table>\n<tr><th>View<th>Content<th>Identity<th></tr>\n",
    );
    for view in &page.views {
        let shelves: Vec<String> = view.shelves.iter().map(|(ecosystem, artifacts)| link(view, ecosystem, *artifacts)).collect();
        let (name, id) = (escape(&view.name), escape(&view.id));
        let link = || format!("<a href=\"/reports/?view={}\">reports</a>", segment(&view.name));
        let reports = if page.about.reports { link() } else { String::new() };
        let _ = writeln!(out, "<tr><td>{name}<td>{}<td><code>{id}</code><td>{reports}</tr>", shelves.join(", "));
    }
    out.push_str("</table>\n");
}

fn link(view: &ViewLine, ecosystem: &str, artifacts: usize) -> String {
    let (ecosystem_path, view_path) = (segment(ecosystem), segment(&view.name));
    format!("<a href=\"/browse/{ecosystem_path}/{view_path}\">{}</a> ({})", escape(ecosystem), count(artifacts, "version"))
}

fn reports(about: &About) -> String {
    let told = "<h2 id=\"reports\">Reports</h2>\n<p>What was decided about it, and why: <a href=\"/reports/\">signed reports</a>.</p>\n";
    if about.reports { told.to_owned() } else { String::new() }
}

fn ask(out: &mut String, about: &About) {
    out.push_str("<h2 id=\"more\">Something is missing?</h2>\n<p>A client that asks for what is not here gets an honest 404. ");
    out.push_str("To have it brought in, send its name and version to whoever runs this mirror: it is added to the toolkit's manifest ");
    out.push_str("and arrives with the next bundle.</p>\n");
    if let Some(contact) = &about.contact {
        let _ = writeln!(out, "<p>Ask: {}</p>", escape(contact));
    }
}
