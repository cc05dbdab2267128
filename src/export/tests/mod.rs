mod files;
mod folder;
mod sensitivity;
mod trials;
