//! Node-API glue: check arguments, run off the main thread, report progress. Nothing numeric lives here.

mod cpu;
mod task;
