"""This machine and the current folder -> what is installed, what serves, and what needs attention.

Nothing of a repository is executed: git is asked as everywhere here, and only files of the caller's own are obeyed.
"""
