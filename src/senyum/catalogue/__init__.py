"""Services with requirements, time and fee; the lines in which a mall offers them; which counter serves which line."""
