/// What holds for everybody who signs in.
public enum SignInRules {
    /// A passphrase has at least so many characters.
    public static let shortestPassphrase = 12
}
