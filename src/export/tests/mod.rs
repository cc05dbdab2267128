mod calendar;
mod files;
mod folder;
mod quarter;
mod roster;
mod sensitivity;
mod trials;
mod written;
