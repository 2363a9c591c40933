/// The version of the program.
public enum DuologVersion {
    /// As `duolog version` prints it.
    public static let text = "0.1.0"
}
