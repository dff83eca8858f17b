//! Git's object store -> what is new in each object, whole objects, and what commits changed. It knows no rule.
//!
//! Packs come from whoever made the repository: every length is checked, memory is bounded, and what is not understood
//! is handed back, so that git itself can say what is wrong with it.

#![deny(unsafe_code)]

pub mod cursor;
pub mod delta;
pub mod finder;
pub mod index;
pub mod loose;
pub mod pack;
pub mod plan;
pub mod store;
pub mod trees;
pub mod trouble;
pub mod wide;

#[cfg(feature = "python")]
#[allow(unsafe_code)] // what PyO3's macros write
mod python;
