"""What runs inside the outer bubblewrap, under the experiments' interpreter: standard library."""
