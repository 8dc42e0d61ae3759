"""What people say and press: understood, allowed or not, carried out by the lab, answered."""
