mod files;
mod folder;
mod trials;
