//! The crate from outside: known attacks as raw bytes, and properties that hold for any bytes.

#[cfg(test)]
mod attacks;
#[cfg(test)]
mod heads;
#[cfg(test)]
mod oracle;
#[cfg(test)]
mod properties;
