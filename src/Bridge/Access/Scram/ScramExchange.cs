using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using ProtoBridgeMQ.Bridge.Access.Users;

namespace ProtoBridgeMQ.Bridge.Access.Scram;

/// <summary>A secret of this process from which users that do not exist get a salt, the same each time they are asked for.</summary>
internal sealed class ScramSecret
{
    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);

    public byte[] SaltOf(string name) => HMACSHA256.HashData(_key, Encoding.UTF8.GetBytes(name))[..16];
}

/// <summary>What the server says next in an exchange.</summary>
/// <param name="Message">For the client; empty after a failure.</param>
/// <param name="Identity">Who it is, when the exchange has succeeded.</param>
/// <param name="Failure">Why it failed, for the log; null while it goes well.</param>
public readonly record struct ScramStep(byte[] Message, Identity? Identity, string? Failure);

/// <summary>
/// The server's side of SCRAM-SHA-256 (RFC 5802, RFC 7677), without channel binding:
/// <code>
/// C: n,,n=user,r=cnonce                      S: r=cnonce+snonce,s=salt,i=iterations
/// C: c=biws,r=cnonce+snonce,p=ClientProof    S: v=ServerSignature
/// </code>
/// A user that does not exist fails at the same step as a wrong password.
/// </summary>
public sealed class ScramExchange
{
    /// <summary>Name of the method.</summary>
    public const string Method = "SCRAM-SHA-256";

    private const int LongestMessage = 4096;

    private readonly Func<string, User?> _find;
    private readonly ScramSecret _secret;
    private readonly AccessMetrics _metrics;
    private readonly string _nonce;
    private string _header = string.Empty;
    private string _clientFirst = string.Empty;
    private string _serverFirst = string.Empty;
    private string _fullNonce = string.Empty;
    private User? _user;
    private bool _isOver;

    internal ScramExchange(Func<string, User?> find, ScramSecret secret, AccessMetrics metrics, string? nonce = null)
    {
        _find = find;
        _secret = secret;
        _metrics = metrics;
        _nonce = nonce ?? Convert.ToBase64String(RandomNumberGenerator.GetBytes(18));
    }

    /// <summary>The user name that the client gave; empty before its first message.</summary>
    public string UserName { get; private set; } = string.Empty;

    /// <summary>Takes the client's next message.</summary>
    /// <param name="message">As it came.</param>
    public ScramStep Next(ReadOnlySpan<byte> message)
    {
        if (_isOver || message.Length > LongestMessage || !TryRead(message, out string text))
        {
            return Fail("it is no message of the exchange");
        }

        return _clientFirst.Length == 0 ? First(text) : Final(text);
    }

    private ScramStep First(string text)
    {
        // gs2-header: no channel binding ("n"), or supported and not used ("y"); an authorization identity is not taken.
        if (!text.StartsWith("n,,", StringComparison.Ordinal) && !text.StartsWith("y,,", StringComparison.Ordinal))
        {
            return Fail("channel binding and authorization identities are not taken");
        }

        _header = text[..3];
        _clientFirst = text[3..];
        string[] fields = _clientFirst.Split(',');
        if (fields.Length < 2 || !fields[0].StartsWith("n=", StringComparison.Ordinal) || !fields[1].StartsWith("r=", StringComparison.Ordinal) || fields[1].Length < 3)
        {
            return Fail("the first message has no user or nonce");
        }

        if (!TryUnescape(fields[0][2..], out string name))
        {
            return Fail("the user name is not escaped");
        }

        UserName = name;
        _user = _find(UserName) is { Password.IsScram: true } user ? user : null;
        _fullNonce = fields[1][2..] + _nonce;
        byte[] salt = _user?.Password!.Salt.ToArray() ?? _secret.SaltOf(UserName);
        int iterations = _user?.Password!.Iterations ?? PasswordHash.DefaultIterations;
        _serverFirst = $"r={_fullNonce},s={Convert.ToBase64String(salt)},i={iterations.ToString(CultureInfo.InvariantCulture)}";
        return new ScramStep(Encoding.UTF8.GetBytes(_serverFirst), null, null);
    }

    private ScramStep Final(string text)
    {
        int proofAt = text.LastIndexOf(",p=", StringComparison.Ordinal);
        string[] fields = text.Split(',');
        byte[] proof = new byte[64];
        if (proofAt < 0 || fields.Length < 3 || !fields[0].StartsWith("c=", StringComparison.Ordinal)
            || !Convert.TryFromBase64String(text[(proofAt + 3)..], proof, out int length) || length != SHA256.HashSizeInBytes)
        {
            return Fail("the final message has no proof");
        }

        if (fields[0] != "c=" + Convert.ToBase64String(Encoding.ASCII.GetBytes(_header)) || fields[1] != "r=" + _fullNonce)
        {
            return Fail("the final message is of another exchange");
        }

        byte[] authMessage = Encoding.UTF8.GetBytes($"{_clientFirst},{_serverFirst},{text[..proofAt]}");
        PasswordHash? hash = _user?.Password;
        byte[] stored = hash is null ? new byte[SHA256.HashSizeInBytes] : hash.Expected.ToArray();
        byte[] clientKey = HMACSHA256.HashData(stored, authMessage);
        for (int i = 0; i < clientKey.Length; i++)
        {
            clientKey[i] ^= proof[i];
        }

        if (!CryptographicOperations.FixedTimeEquals(SHA256.HashData(clientKey), stored) || hash is null)
        {
            return Fail($"user name or password of '{AccessAudit.Short(UserName)}' is wrong");
        }

        _isOver = true;
        _metrics.Authenticated(nameof(Proof.Password));
        string signature = Convert.ToBase64String(HMACSHA256.HashData(hash.ServerKey!, authMessage));
        return new ScramStep(Encoding.ASCII.GetBytes("v=" + signature), new Identity(_user!.Name, _user.Groups, Proof.Password), null);
    }

    private ScramStep Fail(string why)
    {
        _isOver = true;
        _metrics.Authenticated(nameof(Rejection.BadCredentials));
        return new ScramStep([], null, Method + ": " + why);
    }

    private static bool TryRead(ReadOnlySpan<byte> message, out string text)
    {
        text = System.Text.Unicode.Utf8.IsValid(message) ? Encoding.UTF8.GetString(message) : string.Empty;
        return text.Length > 0 && !text.Contains('\0', StringComparison.Ordinal);
    }

    /// <summary><c>=2C</c> is a comma and <c>=3D</c> an equals sign; nothing else follows an equals sign.</summary>
    private static bool TryUnescape(string text, out string name)
    {
        var plain = new StringBuilder(text.Length);
        name = string.Empty;
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] != '=')
            {
                plain.Append(text[i]);
                continue;
            }

            string code = i + 2 < text.Length ? text.Substring(i + 1, 2) : string.Empty;
            if (code is not ("2C" or "3D"))
            {
                return false;
            }

            plain.Append(code == "2C" ? ',' : '=');
            i += 2;
        }

        name = plain.ToString();
        return name.Length > 0;
    }
}
