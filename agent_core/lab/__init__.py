"""The lab: takes tasks, drives runs, concludes them, keeps house."""
