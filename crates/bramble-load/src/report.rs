//! What a run and a demo leave behind: figures as JSON, and a page for people.

pub mod demo;
mod html;
pub mod load;
mod plots;
mod svg;
