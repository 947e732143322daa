//! Downloads files of a model with the crate hf-hub: `hf-hub ENDPOINT CACHE REPO REVISION FILE...` prints the commit, the number of
//! files the mirror lists, and where each file was put.

use hf_hub::api::sync::ApiBuilder;
use hf_hub::{Repo, RepoType};
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [endpoint, cache, repo, revision, files @ ..] = &arguments[..] else {
        return Err("hf-hub ENDPOINT CACHE REPO REVISION FILE...".into());
    };
    let builder = ApiBuilder::new().with_endpoint(endpoint.clone()).with_cache_dir(cache.into());
    let api = builder.with_progress(false).with_token(None).build()?;
    let repo = api.repo(Repo::with_revision(repo.clone(), RepoType::Model, revision.clone()));
    let info = repo.info()?;
    println!("{} {}", info.sha, info.siblings.len());
    for file in files {
        println!("{}", repo.get(file)?.display());
    }
    Ok(())
}
