using System.Security.Cryptography;
using System.Text;

namespace ProtoBridgeMQ.Bridge.Access.Users;

/// <summary>
/// Checks passwords, a few at one time, away from the threads that serve connections. A password that was right is
/// known again by a digest under a key of this process, so that a thousand devices that return do not cost a
/// thousand slow hashes.
/// </summary>
internal sealed class PasswordChecks(AccessOptions options) : IDisposable
{
    /// <summary>Compared with for users that do not exist, so that they take as long as others.</summary>
    private static readonly PasswordHash Nobody = PasswordHash.Create("nobody"u8, PasswordHash.DefaultIterations, new byte[16]);

    private readonly SemaphoreSlim _places = new(options.PasswordChecks);
    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);
    private readonly Lock _gate = new();
    private readonly HashSet<string> _remembered = new(StringComparer.Ordinal);
    private readonly Queue<string> _oldest = new();
    private int _waiting;

    /// <summary>How many wait or are being checked.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>Whether the password is right; null: too many wait already.</summary>
    /// <param name="user">The user; null when there is none of that name, which takes as long.</param>
    /// <param name="password">Borrowed until the answer.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async ValueTask<bool?> CheckAsync(User? user, ReadOnlyMemory<byte> password, CancellationToken cancellationToken)
    {
        PasswordHash hash = user?.Password ?? Nobody;
        string digest = Digest(hash, password.Span);
        if (user?.Password is not null && IsRemembered(digest))
        {
            return true;
        }

        if (Interlocked.Increment(ref _waiting) > options.WaitingPasswordChecks)
        {
            Interlocked.Decrement(ref _waiting);
            return null;
        }

        try
        {
            await _places.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                // Not cancelled: the password is borrowed until it has been looked at.
                bool matches = await Task.Run(() => hash.Matches(password.Span), CancellationToken.None).ConfigureAwait(false);
                if (!matches || user?.Password is null)
                {
                    return false;
                }

                Remember(digest);
                return true;
            }
            finally
            {
                _places.Release();
            }
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _places.Dispose();

    private string Digest(PasswordHash hash, ReadOnlySpan<byte> password)
    {
        using var mac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _key);
        mac.AppendData(Encoding.UTF8.GetBytes(hash.Text));
        mac.AppendData([0]);
        mac.AppendData(password);
        return Convert.ToBase64String(mac.GetHashAndReset());
    }

    private bool IsRemembered(string digest)
    {
        lock (_gate)
        {
            return _remembered.Contains(digest);
        }
    }

    private void Remember(string digest)
    {
        if (options.RememberedPasswords == 0)
        {
            return;
        }

        lock (_gate)
        {
            if (!_remembered.Add(digest))
            {
                return;
            }

            _oldest.Enqueue(digest);
            if (_oldest.Count > options.RememberedPasswords)
            {
                _remembered.Remove(_oldest.Dequeue());
            }
        }
    }
}
