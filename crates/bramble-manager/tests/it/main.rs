//! The manager in this process, on real sockets, with nodes that do what they are told.

#[cfg(test)]
mod apply;
#[cfg(test)]
mod cluster;
#[cfg(test)]
mod edit;
#[cfg(test)]
mod join;
#[cfg(test)]
mod node;
#[cfg(test)]
mod nodes;
#[cfg(test)]
mod publish;
#[cfg(test)]
mod start;
#[cfg(test)]
mod trust;
#[cfg(test)]
mod watch;
