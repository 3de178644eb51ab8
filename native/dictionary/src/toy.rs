//! Toys with known truth: planted features, and how well a dictionary found them.

mod assignment;
mod metrics;
mod planted;

pub use assignment::best_assignment;
pub use metrics::{Recovery, cosines, firing_f1, recovery};
pub use planted::{Planted, PlantedOptions, Samples};
