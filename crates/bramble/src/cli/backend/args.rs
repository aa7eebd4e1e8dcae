//! Which backends, and what is to become of them.

use bramble_cluster::api::Setting;

use crate::cli::edit::How;
use crate::exit::Failure;

/// Backends, and what each is to have.
type Wanted = Vec<(String, Vec<Setting>)>;

/// Backends that are to be treated alike.
#[derive(Debug, clap::Args)]
pub struct Backends {
    #[command(flatten)]
    pub how: How,
    /// Name, as `bramble pool list` shows it
    pub pool: String,
    /// Names or addresses
    #[arg(value_name = "NAME", required = true)]
    pub names: Vec<String>,
}

/// New ones.
#[derive(Debug, clap::Args)]
pub struct Added {
    #[command(flatten)]
    how: How,
    /// Name, as `bramble pool list` shows it
    pool: String,
    /// Where they listen, as 10.0.0.3:8080; KEY=VALUE sets a key for all of them
    #[arg(value_name = "ADDRESS|KEY=VALUE", required = true)]
    words: Vec<String>,
    /// Name of the backend; with several, once for each. The address where none is given
    #[arg(long = "name", value_name = "NAME")]
    names: Vec<String>,
    /// Share of the requests, 1 to 100
    #[arg(long)]
    weight: Option<String>,
}

/// Those that there are.
#[derive(Debug, clap::Args)]
pub struct Edited {
    #[command(flatten)]
    how: How,
    /// Name, as `bramble pool list` shows it
    pool: String,
    /// Names or addresses, and what to set; KEY= goes back to the default. docs/reference.md
    /// has the keys
    #[arg(value_name = "NAME|KEY=VALUE", required = true)]
    words: Vec<String>,
}

/// Those that get another share.
#[derive(Debug, clap::Args)]
pub struct Weighed {
    #[command(flatten)]
    pub how: How,
    /// Name, as `bramble pool list` shows it
    pub pool: String,
    /// Names or addresses with their weight, 1 to 100
    #[arg(value_name = "NAME=WEIGHT", required = true, value_parser = weight)]
    pub weights: Vec<(String, Setting)>,
}

impl Added {
    /// The keys of each.
    pub fn settle(self) -> Result<(How, String, Vec<Vec<Setting>>), Failure> {
        let (addresses, mut settings) = sorted(self.words)?;
        if addresses.is_empty() {
            return Err(Failure::bad_input("no address was given, as 10.0.0.3:8080"));
        }
        if !self.names.is_empty() && self.names.len() != addresses.len() {
            let (names, addresses) = (self.names.len(), addresses.len());
            return Err(Failure::bad_input(format!(
                "--name was given {names} times for {addresses} backends"
            ))
            .hint("give it once for each address, or leave it out"));
        }
        settings.extend(self.weight.map(|weight| Setting::new("weight", weight)));
        let mut names = self.names.into_iter();
        let backend = |address: String| {
            let name = names.next().map(|name| Setting::new("name", name));
            name.into_iter()
                .chain([Setting::new("address", address)])
                .chain(settings.clone())
                .collect()
        };
        Ok((self.how, self.pool, addresses.into_iter().map(backend).collect()))
    }
}

impl Edited {
    /// What each is to have.
    pub fn settle(self) -> Result<(How, String, Wanted), Failure> {
        let (names, settings) = sorted(self.words)?;
        if names.is_empty() || settings.is_empty() {
            let message = "a backend and what to set are needed";
            return Err(
                Failure::bad_input(message).hint("as in `bramble backend edit app b1 weight=2`")
            );
        }
        let wanted = names.into_iter().map(|name| (name, settings.clone())).collect();
        Ok((self.how, self.pool, wanted))
    }
}

/// Names or addresses, which have no `=`, and settings.
fn sorted(words: Vec<String>) -> Result<(Vec<String>, Vec<Setting>), Failure> {
    let (settings, names): (Vec<_>, Vec<_>) =
        words.into_iter().partition(|word| word.contains('='));
    let settings = settings
        .iter()
        .map(|text| text.parse().map_err(|error| Failure::bad_input(format!("`{text}`: {error}"))));
    Ok((names, settings.collect::<Result<_, _>>()?))
}

/// # Errors
/// What would be right.
fn weight(text: &str) -> Result<(String, Setting), String> {
    let wrong = || "give names with their weights, as b1=2.5".to_owned();
    let (name, weight) = text.rsplit_once('=').ok_or_else(wrong)?;
    let is_number = weight.parse::<f64>().is_ok_and(f64::is_finite);
    if name.is_empty() || !is_number {
        return Err(wrong());
    }
    Ok((name.to_owned(), Setting::new("weight", weight)))
}
