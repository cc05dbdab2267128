mod calendar;
mod files;
mod folder;
mod roster;
mod sensitivity;
mod trials;
