using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using ProtoBridgeMQ.Bridge.Access;
using ProtoBridgeMQ.Bridge.Access.Users;

namespace ProtoBridgeMQ.Tests.Support.Access;

/// <summary>Access control over files of its own, with a clock that the test moves, and what it logged.</summary>
public sealed class AccessKit : ILogger<AccessControl>, IDisposable
{
    /// <summary>Cheap: the cost of a hash is not what is tested.</summary>
    public const int Iterations = 4096;

    private readonly TempDirectory _files = new("access");
    private readonly List<string> _log = [];
    private AccessControl? _control;

    public ManualClock Clock { get; } = new();

    public AccessOptions Options { get; } = new();

    public AccessControl Control => _control ??= new AccessControl(Options, Clock, this);

    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_log)
            {
                return [.. _log];
            }
        }
    }

    public AccessKit WithUsers(params (string Name, string Password, string[] Groups)[] users)
    {
        Options.UsersFile = PathOf("users.json");
        UserFile.Write(Options.UsersFile, [.. users.Select(user => new User(user.Name, PasswordHash.Create(Encoding.UTF8.GetBytes(user.Password), Iterations), user.Groups, []))]);
        return this;
    }

    public AccessKit WithRules(string rules)
    {
        Options.RulesFile = PathOf("rules.json");
        File.WriteAllText(Options.RulesFile, rules);
        return this;
    }

    public AccessKit WithKeys(string jwks)
    {
        Options.JwksFile = PathOf("keys.json");
        File.WriteAllText(Options.JwksFile, jwks);
        return this;
    }

    public string PathOf(string name) => Path.Combine(_files.Path, name);

    /// <summary>Rights of a user that needs no proof here.</summary>
    public ClientRights RightsOf(string user, string clientId = "c", params string[] groups)
        => Control.RightsOf(new Identity(user, groups, Proof.Token), clientId);

    public ValueTask<Authentication> PasswordAsync(string user, string password)
        => Control.AuthenticateAsync(new Credentials { UserName = user, Password = Encoding.UTF8.GetBytes(password) });

    public ValueTask<Authentication> BearerAsync(string token) => Control.AuthenticateAsync(new Credentials { Bearer = token });

    public void Dispose()
    {
        _control?.Dispose();
        _files.Dispose();
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (_log)
        {
            _log.Add($"{logLevel}: {formatter(state, exception)}");
        }
    }
}

/// <summary>Makes tokens by hand, good ones and others.</summary>
public static class Token
{
    public static string Make(object header, object payload, Func<byte[], byte[]> sign)
    {
        string signed = Part(JsonSerializer.SerializeToUtf8Bytes(header)) + "." + Part(JsonSerializer.SerializeToUtf8Bytes(payload));
        return signed + "." + Part(sign(Encoding.ASCII.GetBytes(signed)));
    }

    public static string Rs256(RSA key, object payload, string alg = "RS256")
        => Make(new { alg, typ = "JWT", kid = "r" }, payload, bytes => key.SignData(bytes, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));

    public static string Es256(ECDsa key, object payload)
        => Make(new { alg = "ES256", typ = "JWT", kid = "e" }, payload, bytes => key.SignData(bytes, HashAlgorithmName.SHA256));

    public static string Jwk(RSA key)
    {
        RSAParameters p = key.ExportParameters(false);
        return $$"""{ "kty": "RSA", "kid": "r", "use": "sig", "n": "{{Part(p.Modulus!)}}", "e": "{{Part(p.Exponent!)}}" }""";
    }

    public static string Jwk(ECDsa key)
    {
        ECParameters p = key.ExportParameters(false);
        return $$"""{ "kty": "EC", "kid": "e", "crv": "P-256", "x": "{{Part(p.Q.X!)}}", "y": "{{Part(p.Q.Y!)}}" }""";
    }

    public static string Part(byte[] bytes) => Convert.ToBase64String(bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_');
}
