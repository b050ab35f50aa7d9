"""What the job folders of a study say together: who is best, how sure one can be of it, and at what price."""
