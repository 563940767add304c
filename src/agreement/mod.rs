//! The rules: admit, fold, standing, legal time.
