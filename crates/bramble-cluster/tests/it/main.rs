//! The embedded store in processes of their own.

#[cfg(test)]
mod kill;
