using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using ProtoBridgeMQ.Bridge.Access.Rules;
using ProtoBridgeMQ.Bridge.Access.Scram;
using ProtoBridgeMQ.Bridge.Access.Tokens;
using ProtoBridgeMQ.Bridge.Access.Users;

namespace ProtoBridgeMQ.Bridge.Access;

/// <summary>
/// Who clients are and what they may do, for all fronts: users, tokens, certificates and rules, read from files that
/// are looked at for changes. A changed file that cannot be used leaves what was in force, and says so.
/// </summary>
/// <remarks>Thread safe.</remarks>
public sealed class AccessControl : IDisposable
{
    private readonly AccessOptions _options;
    private readonly TimeProvider _clock;
    private readonly PasswordChecks _passwords;
    private readonly TokenChecks _tokens;
    private readonly WatchedFile<UserTable> _users;
    private readonly WatchedFile<RuleSet> _rules;
    private readonly WatchedFile<TokenKeys> _keys;
    private readonly ScramSecret _scram = new();
    private readonly ITimer? _timer;
    private int _version;

    /// <summary>Reads the files.</summary>
    /// <param name="options">Where they are, and limits.</param>
    /// <param name="clock">For validity and for looking at the files.</param>
    /// <param name="log">For audit lines and reloads.</param>
    /// <exception cref="AccessFileException">A file cannot be used.</exception>
    public AccessControl(AccessOptions options, TimeProvider clock, ILogger<AccessControl> log)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(clock);
        _options = options;
        _clock = clock;
        IsOpen = !options.IsConfigured();
        Metrics = new AccessMetrics(this);
        Audit = new AccessAudit(options.RecentRefusals, Metrics, clock, log);
        _passwords = new PasswordChecks(options);
        _tokens = new TokenChecks(options, clock);
        _users = new WatchedFile<UserTable>(options.UsersFile, UserTable.Empty, options.MaxFileSize, (path, text) => new UserTable(UserFile.Parse(path, text, options.MaxUsers)), Metrics, log);
        _rules = new WatchedFile<RuleSet>(options.RulesFile, RuleSet.AllowAll, options.MaxFileSize, (path, text) => RuleFile.Parse(path, text, options.MaxRules), Metrics, log);
        _keys = new WatchedFile<TokenKeys>(options.JwksFile, TokenKeys.Empty, options.MaxFileSize, TokenKeys.Parse, Metrics, log);
        if (!IsOpen)
        {
            _timer = clock.CreateTimer(_ => LookAtFiles(), null, options.ReloadInterval, options.ReloadInterval);
        }
    }

    /// <summary>Whether nothing is set up: everybody may do everything.</summary>
    public bool IsOpen { get; }

    /// <summary>Whether there are users, whose passwords SCRAM can ask for.</summary>
    public bool HasUsers => _users.IsWatched;

    /// <summary>Where refusals are told.</summary>
    public AccessAudit Audit { get; }

    internal AccessMetrics Metrics { get; }

    /// <summary>Changes when rights must be compiled again.</summary>
    internal int Version => Volatile.Read(ref _version);

    internal DateTimeOffset Now => _clock.GetUtcNow();

    internal int UserCount => _users.Value.Count;

    internal int RuleCount => _rules.Value.Count;

    internal int WaitingPasswordChecks => _passwords.Waiting;

    /// <summary>Access control without anything set up.</summary>
    public static AccessControl Open() => new(new AccessOptions(), TimeProvider.System, NullLogger<AccessControl>.Instance);

    /// <summary>Finds out who a client is: by its certificate, else by what it gave, else nobody.</summary>
    /// <param name="credentials">What it gave; borrowed until the answer.</param>
    /// <param name="cancellationToken">Ends the waiting for a password check.</param>
    public async ValueTask<Authentication> AuthenticateAsync(Credentials credentials, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(credentials);
        if (IsOpen)
        {
            return Authentication.Of(Identity.Anonymous);
        }

        Authentication answer = await FindAsync(credentials, cancellationToken).ConfigureAwait(false);
        Metrics.Authenticated(answer);
        return answer;
    }

    /// <summary>What a client may do.</summary>
    /// <param name="identity">Who it is.</param>
    /// <param name="clientId">Its client identifier; empty where the protocol has none.</param>
    public ClientRights RightsOf(Identity identity, string clientId) => new(this, identity, clientId);

    /// <summary>Begins a SCRAM-SHA-256 exchange with a client.</summary>
    public ScramExchange StartScram() => new(name => _users.Value.Find(name), _scram, Metrics);

    /// <summary>Looks at the files now; what has changed is in force when this returns.</summary>
    public void LookAtFiles()
    {
        // Of all three: none is left out when another has changed.
        if (_users.Refresh() | _rules.Refresh() | _keys.Refresh())
        {
            Interlocked.Increment(ref _version);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _timer?.Dispose();
        _passwords.Dispose();
        Metrics.Dispose();
    }

    internal CompiledRules Compile(Identity identity, string clientId)
    {
        if (IsOpen)
        {
            return RuleSet.AllowAll.Compile(string.Empty, [], isAnonymous: true, clientId);
        }

        IReadOnlyList<string> groups = identity.Groups;
        if (identity.Proof is Proof.Password or Proof.ApiKey)
        {
            if (_users.Value.Find(identity.User) is not { } user)
            {
                return CompiledRules.Nothing;
            }

            groups = user.Groups;
        }
        else if (identity.Proof == Proof.Certificate && _users.Value.Find(identity.User) is { } known)
        {
            groups = known.Groups;
        }

        return _rules.Value.Compile(identity.User, groups, identity.IsAnonymous, clientId);
    }

    private async ValueTask<Authentication> FindAsync(Credentials credentials, CancellationToken cancellationToken)
    {
        if (credentials.Certificate is { } certificate && _options.CertificateName != CertificateName.None)
        {
            string name = CertificateNames.Of(certificate, _options.CertificateName);
            return name.Length > 0
                ? Authentication.Of(new Identity(name, [], Proof.Certificate))
                : Authentication.Refuse(Rejection.BadCredentials, "its certificate names no user");
        }

        if (credentials.Bearer is { } bearer)
        {
            return await OfBearerAsync(bearer).ConfigureAwait(false);
        }

        if (credentials.Password is { } password && _keys.IsWatched && TokenChecks.IsToken(password.Span))
        {
            return await _tokens.CheckAsync(Encoding.ASCII.GetString(password.Span), _keys.Value).ConfigureAwait(false);
        }

        if (credentials.UserName is null && credentials.Password is null)
        {
            return _options.AllowAnonymous ? Authentication.Of(Identity.Anonymous) : Authentication.Refuse(Rejection.CredentialsMissing, "it gave no credentials");
        }

        return await OfPasswordAsync(credentials.UserName ?? string.Empty, credentials.Password ?? default, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask<Authentication> OfBearerAsync(string bearer)
    {
        if (ApiKey.IsKey(bearer))
        {
            return _users.Value.FindByKey(bearer) is { } user
                ? Authentication.Of(new Identity(user.Name, user.Groups, Proof.ApiKey))
                : Authentication.Refuse(Rejection.BadCredentials, "nobody has this API key");
        }

        return _keys.IsWatched
            ? await _tokens.CheckAsync(bearer, _keys.Value).ConfigureAwait(false)
            : Authentication.Refuse(Rejection.BadCredentials, "tokens are not taken here");
    }

    private async ValueTask<Authentication> OfPasswordAsync(string name, ReadOnlyMemory<byte> password, CancellationToken cancellationToken)
    {
        if (!_users.IsWatched)
        {
            return Authentication.Refuse(Rejection.BadCredentials, "passwords are not taken here");
        }

        User? user = _users.Value.Find(name);
        return await _passwords.CheckAsync(user, password, cancellationToken).ConfigureAwait(false) switch
        {
            true => Authentication.Of(new Identity(user!.Name, user.Groups, Proof.Password)),
            false => Authentication.Refuse(Rejection.BadCredentials, $"user name or password of '{AccessAudit.Short(name)}' is wrong"),
            null => Authentication.Refuse(Rejection.Busy, "too many passwords wait to be checked (access.waitingPasswordChecks)"),
        };
    }
}
