using System.ComponentModel.DataAnnotations;

namespace ProtoBridgeMQ.Bridge.Access;

/// <summary>Which part of a client's certificate is its user name.</summary>
public enum CertificateName
{
    /// <summary>None: certificates prove nothing.</summary>
    None,

    /// <summary>The common name of the subject.</summary>
    CommonName,

    /// <summary>The first DNS name, or else the first mail address or URI, of the alternative names.</summary>
    AlternativeName,
}

/// <summary>Where users, rules and keys are, and the limits of looking at them. Nothing set: no access control.</summary>
public sealed class AccessOptions
{
    /// <summary>JSON file of users; written by <c>user add</c>. Empty: no users.</summary>
    public string UsersFile { get; set; } = string.Empty;

    /// <summary>JSON file of rules. Empty: whoever is let in may do everything.</summary>
    public string RulesFile { get; set; } = string.Empty;

    /// <summary>JSON Web Key Set (RFC 7517) that tokens are checked by. Empty: no tokens.</summary>
    public string JwksFile { get; set; } = string.Empty;

    /// <summary>The issuer (<c>iss</c>) that tokens must have; empty: not looked at.</summary>
    public string TokenIssuer { get; set; } = string.Empty;

    /// <summary>The audience (<c>aud</c>) that tokens must be for; empty: not looked at.</summary>
    public string TokenAudience { get; set; } = string.Empty;

    /// <summary>The claim that is the user's name.</summary>
    [Required]
    public string TokenUserClaim { get; set; } = "sub";

    /// <summary>The claim that is the list of groups.</summary>
    [Required]
    public string TokenGroupsClaim { get; set; } = "groups";

    /// <summary>How far the clocks of token issuers may be off.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan TokenClockSkew { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Which part of a client's certificate is its user name.</summary>
    public CertificateName CertificateName { get; set; } = CertificateName.None;

    /// <summary>Whether clients that prove nothing are let in, as far as the rules allow.</summary>
    public bool AllowAnonymous { get; set; }

    /// <summary>How often the files are looked at for changes.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "01:00:00")]
    public TimeSpan ReloadInterval { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Largest of these files, in bytes.</summary>
    [Range(1024, 1 << 30)]
    public int MaxFileSize { get; set; } = 64 << 20;

    /// <summary>Users of the users file, at most.</summary>
    [Range(1, 10_000_000)]
    public int MaxUsers { get; set; } = 200_000;

    /// <summary>Rules of the rules file, at most.</summary>
    [Range(1, 1_000_000)]
    public int MaxRules { get; set; } = 10_000;

    /// <summary>Passwords that are checked at one time; each takes a processor for some ten milliseconds.</summary>
    [Range(1, 1024)]
    public int PasswordChecks { get; set; } = 2;

    /// <summary>Clients that may wait for their password to be checked; one more is refused as busy.</summary>
    [Range(1, 1_000_000)]
    public int WaitingPasswordChecks { get; set; } = 1000;

    /// <summary>Passwords that were right and are known again by a keyed digest, so that a client that returns costs little; 0 for none.</summary>
    [Range(0, 10_000_000)]
    public int RememberedPasswords { get; set; } = 100_000;

    /// <summary>Refusals that are kept to be shown.</summary>
    [Range(1, 100_000)]
    public int RecentRefusals { get; set; } = 256;

    /// <summary>Whether any access control is set up.</summary>
    public bool IsConfigured() => UsersFile.Length > 0 || RulesFile.Length > 0 || JwksFile.Length > 0 || CertificateName != CertificateName.None;
}
