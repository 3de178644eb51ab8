//! Node-API glue: check arguments, run off the main thread, report progress. Nothing numeric lives here.

#![cfg_attr(test, allow(dead_code, reason = "in a test build the exports have no caller: Node is it"))]

mod cache;
mod cpu;
mod dictionary;
mod edits;
mod indexer;
mod logits;
mod model;
mod number;
mod pca;
mod rows;
mod task;
mod trainer;
