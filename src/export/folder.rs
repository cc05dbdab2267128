//! The output folder: written under another name, put in place when whole.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::error::ExportError;
use super::manifest::is_ours;

/// A folder in the making. Its files stand in a hidden folder beside the final one until [`OutputFolder::finish`] puts
/// it in place; dropped before that, it is removed and nothing has changed.
#[derive(Debug)]
pub struct OutputFolder {
    /// Where it goes.
    target: PathBuf,
    /// Where it is written.
    work: TempDir,
    /// The folder around both, where it was made for them; dropped after what is in it.
    _around: Option<Around>,
}

/// A folder that goes again if nothing came to stand in it.
#[derive(Debug)]
struct Around(PathBuf);

impl Drop for Around {
    fn drop(&mut self) {
        // Refused by the system where anything is in it.
        let _ = fs::remove_dir(&self.0);
    }
}

impl OutputFolder {
    /// Starts the folder `out_dir/name`. What stands there is left alone until the new one is whole, and replaced then
    /// only if it holds our manifest.
    ///
    /// # Errors
    /// If `name` is no plain name, if something other than a folder with our manifest stands there, or if `out_dir` can't
    /// be made or written to.
    pub fn create(out_dir: &Path, name: &str) -> Result<Self, ExportError> {
        let plain = !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\', '\0']);
        if !plain {
            return Err(ExportError::Name {
                name: name.to_owned(),
            });
        }
        let target = out_dir.join(name);
        check_replaceable(&target)?;
        let around = (!out_dir.exists()).then(|| Around(out_dir.to_owned()));
        fs::create_dir_all(out_dir).map_err(ExportError::io("cannot create", out_dir))?;
        let work = hidden_sibling(out_dir, name)?;
        Ok(Self {
            target,
            work,
            _around: around,
        })
    }

    /// Where to write the files.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.work.path()
    }

    /// Where the folder will stand.
    #[must_use]
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// Puts the folder in place and returns its path. An earlier one is moved aside first, moved back if that fails,
    /// and removed after.
    ///
    /// # Errors
    /// If what stands there is no longer ours, or the system refuses to rename.
    pub fn finish(self) -> Result<PathBuf, ExportError> {
        let Self {
            target,
            work,
            _around,
        } = self;
        if check_replaceable(&target)? {
            let parent = target.parent().unwrap_or(Path::new("."));
            let name = target.file_name().unwrap_or_default().to_string_lossy();
            // Removed on drop, with the old folder in it.
            let aside = hidden_sibling(parent, &name)?;
            let old = aside.path().join("old");
            fs::rename(&target, &old).map_err(ExportError::io("cannot replace", &target))?;
            if let Err(source) = fs::rename(work.path(), &target) {
                if fs::rename(&old, &target).is_err() {
                    // Better a hidden folder left behind than the earlier outputs lost.
                    let _ = aside.keep();
                }
                return Err(ExportError::io("cannot create", &target)(source));
            }
        } else {
            fs::rename(work.path(), &target).map_err(ExportError::io("cannot create", &target))?;
        }
        // The folder no longer stands under the name that `TempDir` would remove.
        let _ = work.keep();
        Ok(target)
    }
}

/// A hidden folder, the name and six random letters, of ordinary permissions.
fn hidden_sibling(parent: &Path, name: &str) -> Result<TempDir, ExportError> {
    let prefix = format!(".{name}.");
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o777)); // less the umask
    }
    builder
        .tempdir_in(parent)
        .map_err(ExportError::io("cannot write in", parent))
}

/// Whether there is a folder to replace.
fn check_replaceable(target: &Path) -> Result<bool, ExportError> {
    let found = match fs::symlink_metadata(target) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(ExportError::io("cannot read", target)(error)),
    };
    let path = target.to_owned();
    if found.is_symlink() {
        let what = "a symbolic link";
        Err(ExportError::NotAFolder { path, what })
    } else if !found.is_dir() {
        let what = "a file";
        Err(ExportError::NotAFolder { path, what })
    } else if is_ours(target) {
        Ok(true)
    } else {
        Err(ExportError::NotOurs { path })
    }
}
