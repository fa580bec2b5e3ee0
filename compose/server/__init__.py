"""A school's server: what its installation is made of, its images, and how it is brought up."""
