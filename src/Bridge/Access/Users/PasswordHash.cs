using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace ProtoBridgeMQ.Bridge.Access.Users;

/// <summary>
/// What is stored in the place of a password. Two forms:
/// <code>
/// SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey     PBKDF2-HMAC-SHA256, then RFC 5802; what user add writes
/// $7$iterations$salt$hash                               PBKDF2-HMAC-SHA512, 64 bytes; what mosquitto_passwd writes
/// </code>
/// The first serves SCRAM, too, and whoever reads it can do neither.
/// </summary>
/// <remarks>Immutable.</remarks>
public sealed class PasswordHash
{
    /// <summary>Iterations of a new hash: some ten milliseconds of a processor.</summary>
    public const int DefaultIterations = 100_000;

    /// <summary>Most iterations of a hash: a file must not be able to hold a processor for minutes.</summary>
    public const int MaxIterations = 10_000_000;

    private const int MinIterations = 100;
    private const int SaltSize = 16;
    private const string ScramPrefix = "SCRAM-SHA-256$";
    private const string MosquittoPrefix = "$7$";

    private readonly byte[] _salt;
    private readonly byte[] _expected;

    private PasswordHash(string text, int iterations, byte[] salt, byte[] expected, byte[]? serverKey)
    {
        Text = text;
        Iterations = iterations;
        _salt = salt;
        _expected = expected;
        ServerKey = serverKey;
    }

    /// <summary>As it stands in the file.</summary>
    public string Text { get; }

    /// <summary>PBKDF2 iterations.</summary>
    public int Iterations { get; }

    /// <summary>PBKDF2 salt.</summary>
    public ReadOnlySpan<byte> Salt => _salt;

    /// <summary>Whether SCRAM can use it.</summary>
    public bool IsScram => ServerKey is not null;

    /// <summary>SCRAM's StoredKey; of the other form the hash.</summary>
    internal ReadOnlySpan<byte> Expected => _expected;

    /// <summary>SCRAM's ServerKey.</summary>
    internal byte[]? ServerKey { get; }

    /// <summary>Makes the hash of a password.</summary>
    /// <param name="password">In UTF-8.</param>
    /// <param name="iterations">PBKDF2 iterations.</param>
    public static PasswordHash Create(ReadOnlySpan<byte> password, int iterations = DefaultIterations)
        => Create(password, iterations, RandomNumberGenerator.GetBytes(SaltSize));

    /// <summary>Makes the hash of a password with a given salt.</summary>
    public static PasswordHash Create(ReadOnlySpan<byte> password, int iterations, byte[] salt)
    {
        byte[] salted = Rfc2898DeriveBytes.Pbkdf2(password, salt, iterations, HashAlgorithmName.SHA256, SHA256.HashSizeInBytes);
        byte[] stored = SHA256.HashData(HMACSHA256.HashData(salted, "Client Key"u8));
        byte[] server = HMACSHA256.HashData(salted, "Server Key"u8);
        string text = $"{ScramPrefix}{iterations.ToString(CultureInfo.InvariantCulture)}:{Convert.ToBase64String(salt)}${Convert.ToBase64String(stored)}:{Convert.ToBase64String(server)}";
        return new PasswordHash(text, iterations, salt, stored, server);
    }

    /// <summary>Reads a stored hash; null when it is of neither form.</summary>
    public static PasswordHash? TryParse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string[] parts = text.StartsWith(ScramPrefix, StringComparison.Ordinal)
            ? text[ScramPrefix.Length..].Split(['$', ':'])
            : text.StartsWith(MosquittoPrefix, StringComparison.Ordinal) ? text[MosquittoPrefix.Length..].Split('$') : [];
        if (parts.Length < 3 || !int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int iterations) || iterations is < MinIterations or > MaxIterations)
        {
            return null;
        }

        byte[]?[] fields = [.. parts.Skip(1).Select(Decode)];
        bool scram = text[0] == 'S';
        return scram switch
        {
            true when fields is [{ Length: > 0 } salt, { Length: 32 } stored, { Length: 32 } server] => new PasswordHash(text, iterations, salt, stored, server),
            false when fields is [{ Length: > 0 } salt, { Length: 64 } hash] => new PasswordHash(text, iterations, salt, hash, null),
            _ => null,
        };
    }

    /// <summary>Whether the password is right. Takes a processor for as long as the iterations need.</summary>
    public bool Matches(ReadOnlySpan<byte> password)
    {
        if (ServerKey is null)
        {
            return CryptographicOperations.FixedTimeEquals(Rfc2898DeriveBytes.Pbkdf2(password, _salt, Iterations, HashAlgorithmName.SHA512, _expected.Length), _expected);
        }

        byte[] salted = Rfc2898DeriveBytes.Pbkdf2(password, _salt, Iterations, HashAlgorithmName.SHA256, SHA256.HashSizeInBytes);
        return CryptographicOperations.FixedTimeEquals(SHA256.HashData(HMACSHA256.HashData(salted, "Client Key"u8)), _expected);
    }

    /// <inheritdoc/>
    public override string ToString() => Text[..Text.IndexOf('$', 1)];

    private static byte[]? Decode(string text)
    {
        byte[] room = new byte[Encoding.ASCII.GetMaxByteCount(text.Length)];
        return Convert.TryFromBase64String(text, room, out int length) ? room[..length] : null;
    }
}
