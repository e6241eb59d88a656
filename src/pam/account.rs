//! What the system knows about an account: the text of its GECOS field and the groups that list it.

use std::ffi::{CStr, CString, c_char};

use crate::{Error, c_string, one_at_a_time};

/// An account of the system.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Account {
    /// The GECOS field, by custom the full name.
    pub gecos: String,
    /// The groups that list the account as a member. Its primary group usually does not, and is not among them.
    pub groups: Vec<String>,
}

impl Account {
    /// Looks an account up, as `getent passwd` and `getent group` do; `None` when there is none of this name.
    ///
    /// # Errors
    /// When the name holds a NUL.
    pub fn find(name: &str) -> Result<Option<Self>, Error> {
        let wanted = c_string("user name", name)?;
        let _one = one_at_a_time();
        Ok(gecos(&wanted).map(|gecos| Self {
            gecos,
            groups: groups(&wanted),
        }))
    }
}

fn gecos(name: &CStr) -> Option<String> {
    // SAFETY: the name is a C string. The answer lies in memory of the C library that the next call overwrites; the
    // lock that the caller holds keeps other threads of ours away, and what is needed is copied at once.
    unsafe {
        let entry = libc::getpwnam(name.as_ptr());
        if entry.is_null() {
            None
        } else {
            Some(text((*entry).pw_gecos))
        }
    }
}

fn groups(name: &CString) -> Vec<String> {
    let mut groups = Vec::new();
    // SAFETY: as above; `gr_mem` is an array of C strings that ends with a null pointer.
    unsafe {
        libc::setgrent();
        loop {
            let group = libc::getgrent();
            if group.is_null() {
                break;
            }
            let mut member = (*group).gr_mem;
            while !member.is_null() && !(*member).is_null() {
                if CStr::from_ptr(*member) == name.as_c_str() {
                    groups.push(text((*group).gr_name));
                    break;
                }
                member = member.add(1);
            }
        }
        libc::endgrent();
    }
    groups
}

/// Copies a C string; a null pointer is empty.
///
/// # Safety
/// The pointer is null or leads to a C string.
unsafe fn text(pointer: *const c_char) -> String {
    if pointer.is_null() {
        return String::new();
    }
    // SAFETY: as the caller promises.
    unsafe { CStr::from_ptr(pointer) }
        .to_string_lossy()
        .into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_own_accounts_are_found_and_others_not() {
        assert!(Account::find("root").unwrap().is_some());
        assert_eq!(Account::find("no-such-account-here").unwrap(), None);
        assert!(Account::find("a\0b").is_err());
    }
}
