//! jsond in the place of json-server, on a small file.

use std::sync::Arc;

use super::{Folder, Server};

pub(crate) const DB: &str = r#"{
  "posts": [
    { "id": 1, "title": "a", "n": 1.50 },
    { "id": 2, "title": "b", "n": 20 }
  ],
  "comments": [{ "id": 1, "body": "x", "postId": 1 }],
  "profile": { "name": "typicode" }
}
"#;

pub(crate) const ONE: &str = "json-server";
pub(crate) const ZERO_SEVENTEEN: &str = "json-server@0.17";
pub(crate) const BOTH: [&str; 2] = [ONE, ZERO_SEVENTEEN];

pub(crate) fn serve(folder: Folder, like: &str, flags: &[&str]) -> Server {
    let folder = Arc::new(folder);
    let path = folder.file("db.json");
    let flags = [&["--like", like], flags].concat();
    Server::start_on(folder, path.to_str().unwrap(), &flags)
}

pub(crate) fn db() -> Folder {
    Folder::empty().with("db.json", DB)
}

pub(crate) fn server(like: &str, flags: &[&str]) -> Server {
    serve(db(), like, flags)
}
