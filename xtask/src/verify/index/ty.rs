//! Types as the sources write them, reduced to what a record says of them.

use std::fmt;

/// A type. Owners of one value (`Box`, `Arc`, …) and references are gone; `Vec<T>` is a list as `[T]` is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ty {
    /// A name with arguments: `Option<u64>`, `BTreeMap<String, f64>`.
    Named {
        /// As written, in segments: `["leyline", "RunId"]`.
        path: Vec<String>,
        args: Vec<Self>,
    },
    /// `[T]`.
    List(Box<Self>),
    /// `(A, B)`.
    Tuple(Vec<Self>),
    /// Anything else.
    Other,
}

/// Names whose only meaning is who owns the value.
const OWNERS: [&str; 4] = ["Arc", "Box", "Cow", "Rc"];

const INTEGERS: [&str; 12] =
    ["u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize"];

impl Ty {
    /// Reads a type of the sources.
    #[expect(clippy::wildcard_enum_match_arm, reason = "a foreign enum that grows")]
    pub(crate) fn of(ty: &syn::Type) -> Self {
        match ty {
            syn::Type::Path(it) => Self::of_path(&it.path),
            syn::Type::Reference(it) => Self::of(&it.elem),
            syn::Type::Paren(it) => Self::of(&it.elem),
            syn::Type::Group(it) => Self::of(&it.elem),
            syn::Type::Slice(it) => Self::List(Box::new(Self::of(&it.elem))),
            syn::Type::Array(it) => Self::List(Box::new(Self::of(&it.elem))),
            syn::Type::Tuple(it) => Self::Tuple(it.elems.iter().map(Self::of).collect()),
            _ => Self::Other,
        }
    }

    /// Reads a type as a record writes it.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let ty: syn::Type = syn::parse_str(text).ok()?;
        Some(Self::of(&ty))
    }

    fn of_path(path: &syn::Path) -> Self {
        let args: Vec<Self> = path.segments.last().map(arguments).unwrap_or_default();
        let path: Vec<String> = path.segments.iter().map(|s| s.ident.to_string()).collect();
        let name = path.last().map_or("", String::as_str);
        match (name, args.as_slice()) {
            (owner, [inner]) if OWNERS.contains(&owner) => inner.clone(),
            ("Vec" | "VecDeque", [inner]) => Self::List(Box::new(inner.clone())),
            // The default argument of the type.
            ("Reading", []) => Self::Named { path, args: vec![Self::plain("f64")] },
            _ => Self::Named { path, args },
        }
    }

    fn plain(name: &str) -> Self {
        Self::Named { path: vec![name.to_owned()], args: Vec::new() }
    }

    /// Returns the last segment of a named type.
    pub(crate) fn head(&self) -> Option<&str> {
        match self {
            Self::Named { path, args: _ } => path.last().map(String::as_str),
            Self::List(_) | Self::Tuple(_) | Self::Other => None,
        }
    }

    /// Returns what is inside if there is something: `T` of `Option<T>`, else the type itself.
    pub(crate) fn present(&self) -> &Self {
        match self {
            Self::Named { path: _, args } if self.head() == Some("Option") => {
                args.first().unwrap_or(self)
            }
            Self::Named { .. } | Self::List(_) | Self::Tuple(_) | Self::Other => self,
        }
    }

    /// Returns what a list or the values of a map are made of.
    pub(crate) fn element(&self) -> Option<&Self> {
        match self {
            Self::List(inner) => Some(inner),
            Self::Named { path: _, args } if self.head().is_some_and(|h| h.ends_with("Map")) => {
                args.get(1)
            }
            Self::Named { .. } | Self::Tuple(_) | Self::Other => None,
        }
    }

    /// Returns whether a record that says `self` is right about `real`.
    pub(crate) fn means(&self, real: &Self) -> bool {
        match (self, real) {
            (Self::Named { path: _, args: mine }, Self::Named { path: _, args: theirs }) => {
                let names = (self.head().unwrap_or(""), real.head().unwrap_or(""));
                let is_same = match names {
                    ("int", real) => INTEGERS.contains(&real),
                    ("float", real) => ["f32", "f64"].contains(&real),
                    (mine, theirs) => mine == theirs,
                };
                is_same && all_mean(mine, theirs)
            }
            (Self::List(mine), Self::List(theirs)) => mine.means(theirs),
            (Self::Tuple(mine), Self::Tuple(theirs)) => all_mean(mine, theirs),
            (Self::Named { .. } | Self::List(_) | Self::Tuple(_) | Self::Other, _) => false,
        }
    }
}

fn all_mean(mine: &[Ty], theirs: &[Ty]) -> bool {
    mine.len() == theirs.len() && mine.iter().zip(theirs).all(|(mine, theirs)| mine.means(theirs))
}

fn arguments(segment: &syn::PathSegment) -> Vec<Ty> {
    let syn::PathArguments::AngleBracketed(list) = &segment.arguments else { return Vec::new() };
    let types = list.args.iter().filter_map(|argument| {
        if let syn::GenericArgument::Type(ty) = argument { Some(Ty::of(ty)) } else { None }
    });
    types.collect()
}

impl fmt::Display for Ty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let join = |f: &mut fmt::Formatter<'_>, list: &[Self]| {
            list.iter().enumerate().try_for_each(|(at, ty)| {
                let comma = if at == 0 { "" } else { ", " };
                write!(f, "{comma}{ty}")
            })
        };
        match self {
            Self::Named { path: _, args } => {
                f.write_str(self.head().unwrap_or("?"))?;
                // As the sources write it: the default argument is left out.
                if args.is_empty()
                    || (self.head() == Some("Reading") && *args == [Self::plain("f64")])
                {
                    return Ok(());
                }
                f.write_str("<")?;
                join(f, args)?;
                f.write_str(">")
            }
            Self::List(inner) => write!(f, "[{inner}]"),
            Self::Tuple(parts) => {
                f.write_str("(")?;
                join(f, parts)?;
                f.write_str(")")
            }
            Self::Other => f.write_str("?"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(declared: &str, real: &str, expected: bool) {
        let (declared, real) = (Ty::parse(declared).unwrap(), Ty::parse(real).unwrap());
        assert_eq!(declared.means(&real), expected, "{declared} of {real}");
    }

    #[test]
    fn a_declared_type_means_the_real_one_without_its_owners() {
        check("u64", "u64", true);
        check("u64", "u32", false);
        check("Option<[String]>", "Option<Arc<[String]>>", true);
        check("BTreeMap<String, SinkLoss>", "Arc<BTreeMap<String, SinkLoss>>", true);
        check("Option<Reading>", "Option<Reading<f64>>", true);
        check("Option<Reading>", "Option<Reading<bool>>", false);
        check("RunId", "leyline::RunId", true);
        check("[(u64, f64)]", "Vec<(u64, f64)>", true);
        check("(u64, f64)", "(u64, u64)", false);
        check("[f64]", "f64", false);
    }

    #[test]
    fn words_of_the_classic_form_are_understood() {
        check("int", "u64", true);
        check("int", "f64", false);
        check("float", "f64", true);
        check("float", "u64", false);
        check("Option<int>", "Option<u32>", true);
    }

    #[test]
    fn types_are_shown_as_a_record_writes_them() {
        for text in
            ["Option<Reading>", "[(u64, f64)]", "BTreeMap<String, SinkLoss>", "Reading<u32>"]
        {
            assert_eq!(Ty::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Ty::parse("Arc<[Arc<LogLine>]>").unwrap().to_string(), "[LogLine]");
    }
}
