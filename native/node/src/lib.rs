//! Node-API glue: check arguments, run off the main thread, report progress. Nothing numeric lives here.

mod cache;
mod cpu;
mod dictionary;
mod edits;
mod indexer;
mod model;
mod pca;
mod rows;
mod task;
mod trainer;
